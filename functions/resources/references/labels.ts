import { z } from "@hono/zod-openapi";
import { Label } from "../../contract/parameters.ts";
import { invalid, ProblemDocument } from "../../contract/problems.ts";
import { EnrolledDocument } from "./schema.ts";

/** The most structures of one enrolment. */
const MAX_LABELS = 32;

/** The structures of a mask's file by what `segment` would be: `{"1":"liver","2":"lesion"}`. */
export const Labels = z.record(
  z.string().regex(/^[^\p{Cc}]{1,64}$/u, "must be what `segment` may be"),
  Label,
).superRefine((labels, context) => {
  const names = Object.values(labels);
  const refuse = (message: string) =>
    context.addIssue({ code: "custom", message });
  if (names.length === 0) refuse("must name a structure");
  if (names.length > MAX_LABELS) {
    refuse(`must name at most ${MAX_LABELS} structures`);
  }
  if (new Set(names).size < names.length) {
    refuse("must give each structure a label of its own");
  }
}).openapi("Labels", {
  description:
    "Labels by value of a label map, or by number or name of a segment or region of interest",
  example: { "1": "liver", "2": "lesion" },
});

/** The answer to an enrolment of several structures: each was enrolled or refused for itself. */
export const EnrolledLabelsDocument = z.object({
  patient: z.string(),
  labels: z.array(
    z.object({
      label: z.string(),
      segment: z.string(),
      reference: z.string().describe(
        "The name of the request, a point and the segment",
      ),
      enrolled: EnrolledDocument.optional(),
      problem: ProblemDocument.optional(),
    }).openapi("EnrolledLabel"),
  ).describe("Either `enrolled` or `problem`"),
}).openapi("EnrolledLabels");

/** One structure of a mask's file, and the name of the reference that it becomes. */
export interface NamedStructure {
  segment: string;
  label: string;
  reference: string;
}

/** Names the references of several structures. @throws EdgeError `validation` where two would have one name. */
export function nameStructures(
  reference: string,
  labels: z.output<typeof Labels>,
): NamedStructure[] {
  const named = Object.entries(labels).map(([segment, label]) => ({
    segment,
    label,
    reference: `${reference}.${segment.replace(/[^A-Za-z0-9_~-]/g, "_")}`,
  }));
  const names = named.map(({ reference }) => reference);
  const refuse = (message: string) =>
    invalid("body", [{ path: ["labels"], message }]);
  if (new Set(names).size < names.length) {
    throw refuse(
      "gives two references one name: in names, only letters, digits, _ ~ and - of a segment are kept",
    );
  }
  if (names.some(({ length }) => length > 128)) {
    throw refuse("makes the name of a reference longer than 128 characters");
  }
  return named;
}
