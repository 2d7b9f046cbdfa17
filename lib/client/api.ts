/** Generated from the OpenAPI document: `deno task client`. */

export interface paths {
    "/v1/embeddings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make and cache the embedding of an image */
        post: operations["createEmbedding"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/embeddings/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The embedding as safetensors, float16 */
        get: operations["readEmbedding"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/patients/{patient}/references/{reference}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A reference */
        get: operations["readReference"];
        /** Enrol an annotated image as a reference */
        put: operations["enrolReference"];
        post?: never;
        /** Erase a reference */
        delete: operations["eraseReference"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/patients/{patient}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A patient's references */
        get: operations["readPatient"];
        put?: never;
        post?: never;
        /** Erase a patient */
        delete: operations["erasePatient"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/patients/{patient}/prompts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The points that the patient's profile proposes for an image */
        post: operations["proposePrompts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/masks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Decode points, a box or an earlier mask to a mask */
        post: operations["decodeMask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/patients/{patient}/segmentations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Segment a new image of a patient */
        post: operations["segmentImage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/patients/{patient}/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Segment many images of a patient, one line each as it is ready
         * @description The body is taken in whole before the first line. A line is an object and ends with a newline; every image gives exactly one, in order, a bad image one with its problem. After a broken connection send the very same body again with the `cursor` of the last whole line: the lines go on behind it. Ending the request ends the work.
         */
        post: operations["segmentSeries"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The models served */
        get: operations["listModels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process answers */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Requests can be served */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Prompts: {
            /** @default [] */
            points: components["schemas"]["PointPrompt"][];
            /**
             * @description Inclusive corners x0, y0, x1, y1 in pixels
             * @example [
             *       212,
             *       114,
             *       270,
             *       162
             *     ]
             */
            box?: number[];
        };
        /**
         * @example {
         *       "x": 242,
         *       "y": 138,
         *       "label": 1
         *     }
         */
        PointPrompt: {
            x: number;
            y: number;
            /**
             * @description 1 is inside the structure, 0 outside
             * @enum {integer}
             */
            label: 0 | 1;
        };
        /**
         * @example {
         *       "id": "9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f",
         *       "model": {
         *         "id": "nano",
         *         "digest": "9393939393939393939393939393939393939393939393939393939393939393"
         *       },
         *       "image": {
         *         "width": 384,
         *         "height": 384
         *       },
         *       "expiresAt": "2026-11-25T09:44:35.362Z"
         *     }
         */
        Embedding: {
            /** @example 9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f */
            id: string;
            model: components["schemas"]["ModelName"];
            image: components["schemas"]["ImageSize"];
            /** Format: date-time */
            expiresAt: string;
        };
        /**
         * @example {
         *       "id": "nano",
         *       "digest": "9393939393939393939393939393939393939393939393939393939393939393"
         *     }
         */
        ModelName: {
            id: string;
            digest: string;
        };
        /**
         * @example {
         *       "width": 384,
         *       "height": 384
         *     }
         */
        ImageSize: {
            width: number;
            height: number;
        };
        /**
         * @description RFC 9457
         * @example {
         *       "type": "/problems/not-found",
         *       "title": "Not found",
         *       "status": 404,
         *       "detail": "There is no patient \"p-18\"; enrol a reference first.",
         *       "instance": "9ab6d1fc-06fa-4d14-90d8-1c84b6ed0283"
         *     }
         */
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @description The request's id */
            instance: string;
            errors?: components["schemas"]["Fault"][];
        };
        Fault: {
            path: string;
            message: string;
        };
        /**
         * @example {
         *       "patient": "p-17",
         *       "reference": "visit-1",
         *       "label": "target",
         *       "position": null,
         *       "model": "9393939393939393939393939393939393939393939393939393939393939393",
         *       "image": {
         *         "width": 384,
         *         "height": 384
         *       },
         *       "patches": 47,
         *       "createdAt": "2026-11-24T09:44:35.362Z"
         *     }
         */
        Reference: {
            patient: string;
            reference: string;
            label: string;
            /** @description Position along a volume, 0 to 1 */
            position: number | null;
            /** @description Digest of the model */
            model: string;
            image: components["schemas"]["ImageSize"];
            /** @description Annotated patches */
            patches: number;
            /** Format: date-time */
            createdAt: string;
        };
        /**
         * @example {
         *       "patient": "p-17",
         *       "references": [
         *         {
         *           "patient": "p-17",
         *           "reference": "visit-1",
         *           "label": "target",
         *           "position": null,
         *           "model": "9393939393939393939393939393939393939393939393939393939393939393",
         *           "image": {
         *             "width": 384,
         *             "height": 384
         *           },
         *           "patches": 47,
         *           "createdAt": "2026-11-24T09:44:35.362Z"
         *         }
         *       ]
         *     }
         */
        Patient: {
            patient: string;
            references: components["schemas"]["Reference"][];
        };
        /**
         * @example {
         *       "patient": "p-17",
         *       "label": "target",
         *       "candidates": [
         *         {
         *           "parts": 1,
         *           "negatives": 1,
         *           "points": [
         *             {
         *               "x": 266,
         *               "y": 157,
         *               "label": 1,
         *               "similarity": 0.8989014529726027
         *             },
         *             {
         *               "x": 351,
         *               "y": 49,
         *               "label": 0,
         *               "similarity": 0.6786726254990478
         *             }
         *           ],
         *           "reference": "visit-1"
         *         }
         *       ]
         *     }
         */
        CandidatePrompts: {
            patient: string;
            label: string;
            candidates: components["schemas"]["CandidatePrompt"][];
        };
        CandidatePrompt: {
            parts: number;
            negatives: number;
            points: components["schemas"]["ScoredPoint"][];
            reference: string;
        };
        ScoredPoint: {
            x: number;
            y: number;
            /**
             * @description 1 is inside the structure, 0 outside
             * @enum {integer}
             */
            label: 0 | 1;
            similarity: number;
        };
        PromptsRequest: {
            /** @example 9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f */
            embedding: string;
            /**
             * @description Name of the structure
             * @default target
             * @example target
             */
            label: string;
            /**
             * @default medical
             * @enum {string}
             */
            recipe: "medical" | "natural";
        };
        /**
         * @example {
         *       "mask": {
         *         "size": [
         *           384,
         *           384
         *         ],
         *         "counts": "Shf29e;5K5L3L4M3M3M2N2N2",
         *         "area": 2814,
         *         "box": [
         *           231,
         *           113,
         *           296,
         *           166
         *         ],
         *         "polygons": [
         *           [
         *             [
         *               270.5,
         *               166
         *             ],
         *             [
         *               275.5,
         *               166
         *             ],
         *             [
         *               276.5,
         *               165
         *             ]
         *           ]
         *         ]
         *       },
         *       "predictedIou": 0.917,
         *       "model": {
         *         "id": "nano",
         *         "digest": "9393939393939393939393939393939393939393939393939393939393939393"
         *       }
         *     }
         */
        Mask: {
            mask: components["schemas"]["MaskBody"];
            predictedIou: number;
            model: components["schemas"]["ModelName"];
        };
        MaskBody: {
            /** @description Height and width in pixels */
            size: number[];
            /** @description COCO compressed run-length encoding */
            counts: string;
            /** @description Pixels of the structure */
            area: number;
            /** @description Inclusive corners x0, y0, x1, y1 in pixels; null for an empty mask */
            box: number[] | null;
            /** @description Rings to fill by the even-odd rule */
            polygons: number[][][];
        };
        MaskRequest: {
            /** @example 9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f */
            embedding: string;
            /** @default [] */
            points: components["schemas"]["PointPrompt"][];
            /**
             * @description Inclusive corners x0, y0, x1, y1 in pixels
             * @example [
             *       212,
             *       114,
             *       270,
             *       162
             *     ]
             */
            box?: number[];
            mask?: components["schemas"]["Rle"];
        };
        /** @description COCO compressed run-length encoding */
        Rle: {
            /** @description Height and width in pixels */
            size: number[];
            counts: string;
        };
        /**
         * @example {
         *       "patient": "p-17",
         *       "label": "target",
         *       "present": true,
         *       "mask": {
         *         "size": [
         *           384,
         *           384
         *         ],
         *         "counts": "Shf29e;5K5L3L4M3M3M2N2N2",
         *         "area": 2814,
         *         "box": [
         *           231,
         *           113,
         *           296,
         *           166
         *         ],
         *         "polygons": [
         *           [
         *             [
         *               270.5,
         *               166
         *             ],
         *             [
         *               275.5,
         *               166
         *             ],
         *             [
         *               276.5,
         *               165
         *             ]
         *           ]
         *         ]
         *       },
         *       "reference": "visit-1",
         *       "parts": 1,
         *       "negatives": 1,
         *       "points": [
         *         {
         *           "x": 266,
         *           "y": 157,
         *           "label": 1,
         *           "similarity": 0.8989014529726027
         *         },
         *         {
         *           "x": 351,
         *           "y": 49,
         *           "label": 0,
         *           "similarity": 0.6786726254990478
         *         }
         *       ],
         *       "distance": 21.5337368154352,
         *       "predictedIou": 0.9173192381858826,
         *       "model": {
         *         "id": "nano",
         *         "digest": "9393939393939393939393939393939393939393939393939393939393939393"
         *       },
         *       "timings": {
         *         "encode": 450.8,
         *         "prompt": 127.1,
         *         "decode": 1123.1,
         *         "retrieve": 26.1
         *       }
         *     }
         */
        Segmentation: {
            patient: string;
            label: string;
            /** @description Whether the mask holds a pixel */
            present: boolean;
            mask: components["schemas"]["MaskBody"];
            /** @description The one that won */
            reference: string;
            parts: number;
            negatives: number;
            points: components["schemas"]["ScoredPoint"][];
            /** @description Earth mover's distance to the annotated patches; null for an empty mask */
            distance: number | null;
            predictedIou: number;
            /** @description With explain alone */
            candidates?: components["schemas"]["Candidate"][];
            model: components["schemas"]["ModelName"];
            timings: components["schemas"]["Timings"];
        };
        Candidate: {
            parts: number;
            negatives: number;
            points: components["schemas"]["ScoredPoint"][];
            reference: string;
            distance: number | null;
            predictedIou: number;
        };
        /** @description Milliseconds */
        Timings: {
            encode: number;
            prompt: number;
            decode: number;
            retrieve: number;
        };
        /**
         * @example {
         *       "index": 0,
         *       "total": 100,
         *       "position": 0,
         *       "name": "slice-1.png",
         *       "cursor": "1-0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
         *       "secondsLeft": 61.2,
         *       "references": [
         *         "visit-1"
         *       ],
         *       "segmentation": {
         *         "patient": "p-17",
         *         "label": "target",
         *         "present": true,
         *         "mask": {
         *           "size": [
         *             384,
         *             384
         *           ],
         *           "counts": "Shf29e;5K5L3L4M3M3M2N2N2",
         *           "area": 2814,
         *           "box": [
         *             231,
         *             113,
         *             296,
         *             166
         *           ],
         *           "polygons": [
         *             [
         *               [
         *                 270.5,
         *                 166
         *               ],
         *               [
         *                 275.5,
         *                 166
         *               ],
         *               [
         *                 276.5,
         *                 165
         *               ]
         *             ]
         *           ]
         *         },
         *         "reference": "visit-1",
         *         "parts": 1,
         *         "negatives": 1,
         *         "points": [
         *           {
         *             "x": 266,
         *             "y": 157,
         *             "label": 1,
         *             "similarity": 0.8989014529726027
         *           },
         *           {
         *             "x": 351,
         *             "y": 49,
         *             "label": 0,
         *             "similarity": 0.6786726254990478
         *           }
         *         ],
         *         "distance": 21.5337368154352,
         *         "predictedIou": 0.9173192381858826,
         *         "model": {
         *           "id": "nano",
         *           "digest": "9393939393939393939393939393939393939393939393939393939393939393"
         *         },
         *         "timings": {
         *           "encode": 450.8,
         *           "prompt": 127.1,
         *           "decode": 1123.1,
         *           "retrieve": 26.1
         *         }
         *       }
         *     }
         */
        SeriesLine: {
            /** @description From 0 */
            index: number;
            total: number;
            /** @description Along the series, or along the volume where its files say */
            position: number;
            /** @description What the sender called the file */
            name: string | null;
            /** @description Goes on behind this line */
            cursor: string;
            /** @description Estimated */
            secondsLeft: number;
            /** @description Those that the image was compared with */
            references?: string[];
            segmentation?: components["schemas"]["Segmentation"];
            problem?: components["schemas"]["Problem"];
        };
        /**
         * @example {
         *       "models": [
         *         {
         *           "id": "nano",
         *           "digest": "9393939393939393939393939393939393939393939393939393939393939393",
         *           "family": "nano",
         *           "licence": "MIT",
         *           "source": "models/nano",
         *           "trainedOn": [
         *             "generated images"
         *           ],
         *           "default": true
         *         }
         *       ]
         *     }
         */
        Models: {
            models: components["schemas"]["Model"][];
        };
        Model: {
            id: string;
            digest: string;
            family: string;
            licence: string;
            source: string;
            trainedOn: string[];
            default: boolean;
        };
        /**
         * @example {
         *       "status": "ok"
         *     }
         */
        Status: {
            status: string;
            /** @enum {string} */
            encode?: "available" | "unavailable";
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    createEmbedding: {
        parameters: {
            query?: {
                /** @description Id of a served model */
                model?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
                "image/png": string;
                "image/jpeg": string;
                "image/webp": string;
                "image/tiff": string;
                "application/dicom": string;
                "application/x-nifti": string;
                "application/x-safetensors": string;
                "multipart/form-data": {
                    /** Format: binary */
                    image: string;
                };
            };
        };
        responses: {
            /** @description It was cached */
            200: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    /** @description Address of the tensors */
                    location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Embedding"];
                    "application/x-safetensors": string;
                };
            };
            /** @description It was made */
            201: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    /** @description Address of the tensors */
                    location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Embedding"];
                    "application/x-safetensors": string;
                };
            };
            /** @description The request cannot be read; The image is empty */
            400: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A concurrent change won; Made by another model */
            409: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large; The image has too many pixels */
            413: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type; The media type does not match the bytes */
            415: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; The input cannot be used; The annotation is too small; The model cannot run this recipe; The image is cut short; The image is damaged */
            422: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; No encode host answers; Not ready */
            503: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    /** @description Seconds until another try is worth it */
                    "retry-after"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readEmbedding: {
        parameters: {
            query?: never;
            header?: {
                /** @description An entity tag that the caller holds */
                "if-none-match"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tensors; they never change */
            200: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    /** @description The embedding's id, quoted */
                    etag?: string;
                    /** @description Until when it may be kept */
                    "cache-control"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/x-safetensors": string;
                };
            };
            /** @description Unchanged */
            304: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    /** @description The embedding's id, quoted */
                    etag?: string;
                    /** @description Until when it may be kept */
                    "cache-control"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not found; No such route */
            404: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; The input cannot be used; The annotation is too small; The model cannot run this recipe; The image is cut short; The image is damaged */
            422: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readReference: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                patient: string;
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The reference */
            200: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reference"];
                };
            };
            /** @description Not found; No such route */
            404: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; The input cannot be used; The annotation is too small; The model cannot run this recipe; The image is cut short; The image is damaged */
            422: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    enrolReference: {
        parameters: {
            query?: {
                /** @description Id of a served model */
                model?: string;
            };
            header?: never;
            path: {
                patient: string;
                reference: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /**
                     * Format: binary
                     * @description The image; or give `embedding`
                     */
                    image?: string;
                    /** @description Id of a cached embedding */
                    embedding?: string;
                    /**
                     * Format: binary
                     * @description Non-zero is the structure; or give `prompts`
                     */
                    mask?: string;
                    /** @description JSON by the schema Prompts */
                    prompts?: string;
                    /** @default target */
                    label?: string;
                    position?: number;
                };
            };
        };
        responses: {
            /** @description It replaced one */
            200: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reference"];
                };
            };
            /** @description It is new */
            201: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reference"];
                };
            };
            /** @description The request cannot be read; The image is empty */
            400: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found; No such route */
            404: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A concurrent change won; Made by another model */
            409: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large; The image has too many pixels */
            413: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type; The media type does not match the bytes */
            415: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; The input cannot be used; The annotation is too small; The model cannot run this recipe; The image is cut short; The image is damaged */
            422: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; No encode host answers; Not ready */
            503: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    /** @description Seconds until another try is worth it */
                    "retry-after"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    eraseReference: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                patient: string;
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Erased */
            204: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not found; No such route */
            404: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; The input cannot be used; The annotation is too small; The model cannot run this recipe; The image is cut short; The image is damaged */
            422: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readPatient: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                patient: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The patient */
            200: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Patient"];
                };
            };
            /** @description Not found; No such route */
            404: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; The input cannot be used; The annotation is too small; The model cannot run this recipe; The image is cut short; The image is damaged */
            422: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    erasePatient: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                patient: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Erased */
            204: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not found; No such route */
            404: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; The input cannot be used; The annotation is too small; The model cannot run this recipe; The image is cut short; The image is damaged */
            422: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    proposePrompts: {
        parameters: {
            query?: {
                /** @description Id of a served model */
                model?: string;
            };
            header?: never;
            path: {
                patient: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PromptsRequest"];
            };
        };
        responses: {
            /** @description Points of every candidate */
            200: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CandidatePrompts"];
                };
            };
            /** @description The request cannot be read; The image is empty */
            400: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found; No such route */
            404: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A concurrent change won; Made by another model */
            409: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large; The image has too many pixels */
            413: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type; The media type does not match the bytes */
            415: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; The input cannot be used; The annotation is too small; The model cannot run this recipe; The image is cut short; The image is damaged */
            422: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; No encode host answers; Not ready */
            503: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    /** @description Seconds until another try is worth it */
                    "retry-after"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    decodeMask: {
        parameters: {
            query?: {
                /** @description Id of a served model */
                model?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MaskRequest"];
            };
        };
        responses: {
            /** @description The mask */
            200: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Mask"];
                };
            };
            /** @description The request cannot be read; The image is empty */
            400: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found; No such route */
            404: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A concurrent change won; Made by another model */
            409: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large; The image has too many pixels */
            413: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type; The media type does not match the bytes */
            415: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; The input cannot be used; The annotation is too small; The model cannot run this recipe; The image is cut short; The image is damaged */
            422: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; No encode host answers; Not ready */
            503: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    /** @description Seconds until another try is worth it */
                    "retry-after"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    segmentImage: {
        parameters: {
            query?: {
                /** @description Id of a served model */
                model?: string;
                /** @description Name of the structure */
                label?: string;
                /** @description Whether every candidate is told */
                explain?: boolean;
                recipe?: "medical" | "natural";
            };
            header?: never;
            path: {
                patient: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
                "image/png": string;
                "image/jpeg": string;
                "image/webp": string;
                "image/tiff": string;
                "application/dicom": string;
                "application/x-nifti": string;
                "application/x-safetensors": string;
                "multipart/form-data": {
                    /** Format: binary */
                    image: string;
                };
                "application/json": {
                    /** @description Id of an embedding */
                    embedding: string;
                };
            };
        };
        responses: {
            /** @description The structure: JSON, or the mask alone */
            200: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Segmentation"];
                    "image/png": string;
                };
            };
            /** @description The request cannot be read; The image is empty */
            400: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found; No such route */
            404: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such answer format */
            406: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A concurrent change won; Made by another model */
            409: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large; The image has too many pixels */
            413: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type; The media type does not match the bytes */
            415: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; The input cannot be used; The annotation is too small; The model cannot run this recipe; The image is cut short; The image is damaged */
            422: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; No encode host answers; Not ready */
            503: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    /** @description Seconds until another try is worth it */
                    "retry-after"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    segmentSeries: {
        parameters: {
            query?: {
                /** @description Id of a served model */
                model?: string;
                /** @description Name of the structure */
                label?: string;
                /** @description Whether every candidate is told */
                explain?: boolean;
                recipe?: "medical" | "natural";
                /** @description The cursor of the last line that came whole */
                cursor?: string;
            };
            header?: never;
            path: {
                patient: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    image: string[];
                };
                "application/zip": string;
                "application/dicom": string;
                "application/x-nifti": string;
            };
        };
        responses: {
            /** @description A line for every image that is left */
            200: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["SeriesLine"];
                };
            };
            /** @description The request cannot be read; The image is empty */
            400: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found; No such route */
            404: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A concurrent change won; Made by another model */
            409: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large; The image has too many pixels */
            413: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type; The media type does not match the bytes */
            415: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; The input cannot be used; The annotation is too small; The model cannot run this recipe; The image is cut short; The image is damaged */
            422: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; No encode host answers; Not ready */
            503: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    /** @description Seconds until another try is worth it */
                    "retry-after"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listModels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The models */
            200: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Models"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Alive */
            200: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ready */
            200: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; No encode host answers; Not ready */
            503: {
                headers: {
                    /** @description Names the request in the log */
                    "x-request-id"?: string;
                    /** @description Seconds until another try is worth it */
                    "retry-after"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
