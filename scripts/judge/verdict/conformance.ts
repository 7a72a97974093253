// report/conformance.json: the one record of a verdict. Everything that a person or a CI reads is rendered from it.
import { z } from 'zod'
import { JUDGED_PARTS } from '#specs/support/applicability.ts'

export const STATUSES = ['pass', 'fail', 'inconclusive', 'blocked', 'missing', 'waived', 'not-applicable'] as const

const locationSchema = z.strictObject({
  digest: z.string().optional(),
  path: z.string().optional(),
  offset: z.int().optional(),
  pointer: z.string().optional(),
  line: z.int().optional(),
  column: z.int().optional(),
})

const findingSchema = z.strictObject({
  part: z.enum(JUDGED_PARTS),
  where: locationSchema.optional(),
  message: z.string(),
  entry: z.string().optional().describe('Of a rule that judges by a list, the entry: a waiver may name RULE/ENTRY.'),
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
  waivers: z
    .array(z.strictObject({ id: z.string(), expires: z.string(), reason: z.string() }))
    .readonly()
    .optional()
    .describe('Exceptions that accept the failure, or a part of it.'),
  pinned: z.literal(true).optional().describe('It compares with the lock.'),
  about: z.array(z.string()).readonly().optional().describe('What is inside of each extension that a failure names.'),
  notes: z.array(findingSchema).readonly().optional().describe('What is worth knowing and breaks nothing.'),
  fix: z.string(),
  spec: z.string().describe('File, and line where known, of the requirement.'),
  durationMs: z.number(),
})

const describedExtensionSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  size: z.int(),
  services: z.array(z.strictObject({ name: z.string(), waits: z.array(z.string()).readonly() })).readonly(),
  handlers: z.array(z.string()).readonly().describe('Runtime handlers that it registers with containerd.'),
  modules: z.int().describe('The number of its kernel modules.'),
  forbidden: z.literal(true).optional().describe('The contract says that this variant must not have it.'),
})

const contentsSchema = z.strictObject({
  boot: z
    .strictObject({
      kernel: z.string().optional().describe('The release of the kernel.'),
      stub: z.string().optional().describe('The version of systemd-stub.'),
      modules: z.int().describe('The number of kernel modules in the root filesystem.'),
    })
    .optional(),
  commandLine: z.string().optional(),
  base: z
    .strictObject({ reference: z.string(), digest: z.string(), signer: z.string().optional() })
    .optional()
    .describe('The base image that the labels name; its signer is the one in the lock.'),
  extensions: z
    .array(describedExtensionSchema)
    .readonly()
    .optional()
    .describe('As extensions.yaml lists them, lowest first; size is that of the squashfs.'),
  sizes: z
    .strictObject({
      kernel: z.int().optional(),
      baseInitramfs: z.int().optional(),
      extensions: z.int().optional().describe('Everything that was appended to the base initramfs, as stored.'),
      other: z.int().optional().describe('The other files of the image.'),
    })
    .describe('Bytes of the files of the image; absent where they could not be read.'),
  account: z
    .strictObject({
      pinned: z.int(),
      derived: z.int(),
      declared: z.int(),
      free: z.int(),
      unaccounted: z.int(),
    })
    .optional()
    .describe(
      'Decoded bytes of the image by why they are what they are (npm run account); absent where it could not be read.',
    ),
})

const nodeSchema = z.strictObject({
  address: z.string(),
  hostname: z.string().optional(),
  talos: z.string().optional(),
  stage: z.string().optional(),
  bootedEntry: z.string().optional(),
  extensions: z
    .array(z.strictObject({ name: z.string(), version: z.string() }))
    .readonly()
    .optional(),
  restless: z.array(z.string()).readonly().describe('Services that neither run nor are done.'),
})

const bootSchema = z.strictObject({
  console: z.string().describe('The file that the console is in.'),
  by: z.enum(['saved', 'firmware', 'kernel']).describe('A saved console; a guest by EFI firmware, or by its kernel.'),
  end: z
    .enum(['saved', 'settled', 'troubled', 'exited', 'time', 'output'])
    .describe('How the console came to its end.'),
  seconds: z.number().optional(),
  lines: z.int(),
  talos: z.string().optional().describe('The release that its init says it is of.'),
  reached: z.enum(['nothing', 'kernel', 'initramfs', 'rootfs', '/sbin/init']),
})

const candidateSchema = z.strictObject({
  reference: z.string(),
  digest: z.string().optional().describe('Digest that the reference named when it was resolved, once.'),
  assetsDigest: z.string().optional().describe('That of the asset image, which was judged with the installer image.'),
  variant: z.string(),
  targets: z.array(z.string()).readonly(),
  claimedTalos: z.string().optional().describe('Talos tag that the image claims in its label.'),
  config: z
    .array(z.strictObject({ path: z.string(), sha256: z.string() }))
    .readonly()
    .optional()
    .describe('Files of the machine configuration that was judged beside the image, patches last.'),
  identified: z.string().optional().describe('What an image without a label of ours was found to be, and judged as.'),
  node: nodeSchema.optional().describe('What a running node says of itself, where one was judged.'),
  extensions: z
    .array(z.strictObject({ name: z.string(), version: z.string() }))
    .readonly()
    .optional()
    .describe('What the image lists, lowest first; absent where it was not read.'),
  boot: bootSchema.optional().describe('What a start of the image came to, where it was booted.'),
  exitCode: z.int(),
  rules: z.array(ruleSchema).readonly(),
  contents: contentsSchema.optional().describe('What is inside, listed and not judged.'),
})

const shardSchema = z.strictObject({
  index: z.int().positive(),
  of: z.int().positive(),
  references: z.int().describe('The number of images in the whole list.'),
  list: z.string().describe('SHA-256 of the whole list.'),
  judgedBy: z
    .record(z.string(), z.string())
    .describe('Options that change what is judged: the value, or the SHA-256 of the file.'),
  images: z.int().nonnegative().describe('The number of images that this shard has.'),
  releases: z.int().nonnegative().describe('The number of verdicts on a release that this shard has.'),
  positions: z
    .array(z.int().nonnegative())
    .readonly()
    .describe('For each candidate its place in the whole list; a release is behind all images.'),
  waivers: z
    .strictObject({ needed: z.array(z.string()).readonly(), unneeded: z.array(z.string()).readonly() })
    .describe('The waivers that this shard needed, and those that it had no need of.'),
})

export const conformanceSchema = z.strictObject({
  schema: z.literal(2),
  judgedAt: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    .optional()
    .describe('When the verdict was reached, UTC.'),
  tool: z.strictObject({ name: z.string(), version: z.string(), node: z.string(), vitest: z.string() }),
  rules: z.string().describe('Version of the set of rules.'),
  contract: z.strictObject({
    path: z.string(),
    sha256: z.string(),
    reference: z.string().optional().describe('Repository of the images that ours are compared with (REL-005).'),
  }),
  waivers: z.strictObject({ path: z.string(), sha256: z.string() }).optional().describe('The file of exceptions.'),
  lock: z.strictObject({ path: z.string(), sha256: z.string(), talos: z.string().optional() }).optional(),
  pinned: z.boolean().describe('False when nothing was compared with the pinned upstream release.'),
  only: z.array(z.string()).readonly().optional().describe('Rules and areas of --only; absent: all.'),
  selected: z.array(z.string()).readonly().optional().describe('Rules of --only with all that they need; absent: all.'),
  shard: shardSchema
    .optional()
    .describe('The share that this is of the verdict on a list of images (test --shard); absent: it is the whole.'),
  candidates: z.array(candidateSchema).readonly(),
  runErrors: z.array(z.string()).readonly().describe('What went wrong outside of any rule; never green.'),
  counts: z.record(z.enum(STATUSES), z.int()),
  exitCode: z.int().describe('0 conforms, 1 a must fails, 2 a must could not be judged.'),
})

export type Status = (typeof STATUSES)[number]
export type Finding = Readonly<z.infer<typeof findingSchema>>
export type RuleVerdict = Readonly<z.infer<typeof ruleSchema>>
export type DescribedExtension = Readonly<z.infer<typeof describedExtensionSchema>>
export type Contents = Readonly<z.infer<typeof contentsSchema>>
export type NodeSummary = Readonly<z.infer<typeof nodeSchema>>
export type BootSummary = Readonly<z.infer<typeof bootSchema>>
export type CandidateVerdict = Readonly<z.infer<typeof candidateSchema>>
export type Conformance = Readonly<z.infer<typeof conformanceSchema>>
