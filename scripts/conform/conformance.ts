// report/conformance.json: the one record of a verdict. Everything that a person or a CI reads is rendered from it.
import { z } from 'zod'

export const STATUSES = ['pass', 'fail', 'inconclusive', 'blocked', 'missing', 'waived', 'not-applicable'] as const

const locationSchema = z.strictObject({
  digest: z.string().optional(),
  path: z.string().optional(),
  offset: z.int().optional(),
  pointer: z.string().optional(),
})

const findingSchema = z.strictObject({
  part: z.enum(['installer', 'assets']),
  where: locationSchema.optional(),
  message: z.string(),
  code: z.string().optional().describe('Code of the error that a reader gave; absent when an expectation failed.'),
  expected: z.string().optional(),
  got: z.string().optional(),
})

const ruleSchema = z.strictObject({
  id: z.string(),
  level: z.enum(['must', 'should']),
  status: z.enum(STATUSES),
  sentence: z.string(),
  reason: z.string().optional().describe('Why the rule is blocked, missing, inconclusive or not applicable.'),
  findings: z.array(findingSchema).readonly(),
  fix: z.string(),
  spec: z.string().describe('File, and line where known, of the requirement.'),
  durationMs: z.number(),
})

const candidateSchema = z.strictObject({
  reference: z.string(),
  digest: z.string().optional().describe('Digest that the reference named when it was resolved, once.'),
  variant: z.string(),
  faces: z.array(z.string()).readonly(),
  claimedTalos: z.string().optional().describe('Talos tag that the image claims in its label.'),
  exitCode: z.int(),
  rules: z.array(ruleSchema).readonly(),
})

export const conformanceSchema = z.strictObject({
  schema: z.literal(1),
  tool: z.strictObject({ name: z.string(), version: z.string(), node: z.string(), vitest: z.string() }),
  contract: z.strictObject({ version: z.string(), path: z.string(), sha256: z.string() }),
  lock: z.strictObject({ path: z.string(), sha256: z.string(), talos: z.string().optional() }).optional(),
  pinned: z.boolean().describe('False when nothing was compared with the pinned upstream release.'),
  selected: z.array(z.string()).readonly().optional().describe('Rules of --only with all that they need; absent: all.'),
  candidates: z.array(candidateSchema).readonly(),
  troubles: z.array(z.string()).readonly().describe('What went wrong outside of any rule; never green.'),
  counts: z.record(z.enum(STATUSES), z.int()),
  exitCode: z.int().describe('0 conforms, 1 a must fails, 2 a must could not be judged.'),
})

export type Status = (typeof STATUSES)[number]
export type Finding = Readonly<z.infer<typeof findingSchema>>
export type RuleVerdict = Readonly<z.infer<typeof ruleSchema>>
export type CandidateVerdict = Readonly<z.infer<typeof candidateSchema>>
export type Conformance = Readonly<z.infer<typeof conformanceSchema>>
