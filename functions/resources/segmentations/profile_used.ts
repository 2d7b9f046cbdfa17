import { z } from "@hono/zod-openapi";
import { CHOICES, type Chosen } from "../../patients/choose_references.ts";

/** Which references an answer was made with. */
export const ProfileUsed = z.object({
  revision: z.int().min(1).describe("Of the label"),
  choice: z.enum(CHOICES),
  references: z.array(z.string()),
  why: z.string(),
}).openapi("ProfileUsed");

export const PROFILE_USED = {
  revision: 1,
  choice: "pooled" as const,
  references: ["visit-1"],
  why: "It is the only one.",
};

/** The chosen references as the contract gives them. */
export function describeChoice(
  { choice, enrolled, why }: Chosen,
  revision: number,
): z.infer<typeof ProfileUsed> {
  const references = enrolled.map(({ reference }) => reference.reference);
  return { revision, choice, references, why };
}
