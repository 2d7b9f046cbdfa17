import { z } from "@hono/zod-openapi";
import { CHOICES, type Chosen } from "../patients/choose_references.ts";

/** How a label's references are used, as a query says. */
export const ChoiceQuery = z.enum(CHOICES).default("pooled").openapi({
  description:
    "Which references are used: `pooled`, all together; `nearest`, each for itself, and the smallest distance " +
    "wins; `position`, those nearest to `position`; `latest`, the one enrolled last",
});

/** A position along a volume as text. */
export const PositionQuery = z.string()
  .regex(/^(0(\.\d+)?|1(\.0+)?)$/, "must be a number from 0 to 1")
  .transform(Number).optional().openapi({
    type: "number",
    description: "Where the image lies along its volume, 0 to 1",
  });

/** Which references an answer comes from. */
export const ProfileUsed = z.object({
  revision: z.int().min(1).openapi({ description: "Of the label" }),
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

/** What an answer says of the references that were chosen. */
export function describeChoice(
  { choice, enrolled, why }: Chosen,
  revision: number,
): z.infer<typeof ProfileUsed> {
  const references = enrolled.map(({ reference }) => reference.reference);
  return { revision, choice, references, why };
}
