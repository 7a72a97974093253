// The decisions of a person about the images: contract.yaml, or the file given with --contract.
import semver from 'semver'
import { z } from 'zod'
import { SchemaError } from '#harness/errors.ts'
import { parseYaml } from '#harness/formats/yaml-document.ts'

const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'expected a name of lower-case letters, digits and dashes')
const kernelOption = z.string().regex(/^[A-Z0-9_]+$/, 'expected a kernel option without CONFIG_')

const variantSchema = z.strictObject({
  role: z.enum(['worker', 'gateway']),
  extensions: z.array(name).readonly(),
  forbidden: z.array(name).readonly(),
  /** Extension services for which the nodes have an ExtensionServiceConfig document. */
  serviceConfigurations: z.array(name).readonly(),
  /** Kernel modules that the nodes load by name. */
  kernelModules: z.array(z.string().regex(/^[A-Za-z0-9_-]+$/)).readonly(),
})

/** Upstream replaces its own `console` and `talos.platform` by these, at a place that no source tells: refused. */
const kernelArgument = z
  .string()
  .regex(/^\S+$/, 'expected one argument without spaces')
  .refine((argument) => !/^(console|talos\.platform)=/.test(argument), 'cannot replace console or talos.platform')

const contractSchema = z.strictObject({
  schema: z.literal(1),
  talos: z.string().refine((range) => semver.validRange(range) !== null, 'expected a semver range'),
  variants: z.record(name, variantSchema),
  pathsOfModules: z.record(z.string().startsWith('/'), z.string()),
  virtualExtensions: z.array(name).readonly(),
  secureBoot: z.boolean(),
  extraKernelArguments: z.array(kernelArgument).readonly(),
  kernel: z.strictObject({
    builtIn: z.array(kernelOption).readonly(),
    builtInOrModule: z.record(kernelOption, name),
    off: z.array(kernelOption).readonly(),
  }),
  unpackedSizeLimit: z.int().positive(),
  extraAssets: z.array(z.string().regex(/^[^/.][^\s]*$/)).readonly(),
  labels: z.strictObject({ variant: z.string().min(1) }),
})

export type Contract = Readonly<z.infer<typeof contractSchema>>
export type Variant = Readonly<z.infer<typeof variantSchema>>

/** A contract file (YAML); SchemaError with every issue, FormatError MALFORMED when it is no YAML. */
export function parseContract(bytes: Uint8Array, path: string): Contract {
  const result = contractSchema.safeParse(parseYaml(bytes, { path }))
  if (result.success) return result.data
  throw new SchemaError(
    'contract',
    result.error.issues.map((issue) => ({ path: `/${issue.path.join('/')}`, message: issue.message })),
    { at: { path } },
  )
}
