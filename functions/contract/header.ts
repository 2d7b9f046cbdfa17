/** A header of an answer, for the OpenAPI document. */
export const header = (description: string) => ({
  description,
  schema: { type: "string" as const },
});
