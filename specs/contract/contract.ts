// The decisions of a person about the images: contract.yaml, or the file given with --contract.
import { X509Certificate } from 'node:crypto'
import semver from 'semver'
import { z } from 'zod'
import { parseYaml } from '#harness/formats/yaml/document.ts'
import { validate } from '#harness/formats/yaml/schema.ts'
import { talosBase } from '#harness/talos/talos-version.ts'

const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'expected a name of lower-case letters, digits and dashes')
/** An option of the kernel's configuration; `CONFIG_KVM` is `KVM`: no option begins with CONFIG_ twice. */
const kernelOption = z
  .string()
  .transform((option) => option.replace(/^CONFIG_/, ''))
  .pipe(z.string().regex(/^(?!CONFIG_)[A-Za-z0-9][A-Za-z0-9_]*$/, 'expected a kernel option such as KVM'))

const variantSchema = z.strictObject({
  role: z.enum(['worker', 'gateway']),
  extensions: z.array(name).readonly(),
  forbidden: z.array(name).readonly(),
  /** Extension services for which the nodes have an ExtensionServiceConfig document. */
  serviceConfigurations: z.array(name).readonly(),
  /** Kernel modules that the nodes load by name. */
  kernelModules: z.array(z.string().regex(/^[A-Za-z0-9_-]+$/)).readonly(),
  /**
   * Repositories of the variant's installer image that nodes may install: whole, or their end from a slash on. Absent:
   * those that end in the variant's name or in `talos-` and its name.
   */
  repositories: z
    .array(z.string().regex(/^[a-zA-Z0-9][^\s@]*$/, 'expected a repository'))
    .readonly()
    .optional(),
})

/** Nothing of an identity is left to a prefix: a pattern is held against the whole subject. */
const pattern = z
  .string()
  .refine(isPattern, 'expected a regular expression')
  .refine(
    (text) => !admitsAnybody(text),
    'expected a pattern that names whose identity counts, got one that admits others',
  )

const publicKey = z
  .string()
  .regex(/^-----BEGIN PUBLIC KEY-----\n[\s\S]+-----END PUBLIC KEY-----\n?$/, 'expected a public key in PEM')

const certificate = z.string().refine(isCertificate, 'expected a certificate in PEM')

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits')

/** Whose signature counts: an identity that an OpenID provider vouched for, or a key. */
const signerSchema = z.union(
  [
    z.strictObject({ issuer: z.url(), subject: z.string().min(1) }),
    z.strictObject({ issuer: z.url(), subjectPattern: pattern }),
    z.strictObject({ publicKey }),
  ],
  'expected issuer with subject or subjectPattern, or publicKey',
)

const kernelArgument = z.string().regex(/^\S+$/, 'expected one argument without spaces')

/** Digest of the lock's canonical bytes (`formatLock`) that an image was built from. */
export const LOCK_LABEL = 'io.cozystack.talos.lock'

const contractFields = z.strictObject({
  schema: z.literal(1),
  talos: z.string().refine((range) => semver.validRange(range) !== null, 'expected a semver range'),
  variants: z.record(name, variantSchema),
  pathsOfModules: z.record(z.string().startsWith('/'), z.string()),
  /** The network between nodes and pods that the network plugin makes; no field of the machine configuration has it. */
  joinNetwork: z.union([z.cidrv4(), z.cidrv6()], 'expected a network such as 10.0.0.0/16'),
  /** The number of nodes that install a variant of the role gateway, and their hostnames where they are decided. */
  gateways: z.strictObject({ count: z.int().nonnegative(), names: z.array(z.string().min(1)).readonly() }),
  /** The variant of each node, by hostname or by the name of its file; others by the image that they install. */
  nodes: z
    .array(z.strictObject({ name: z.string().min(1), variant: name }))
    .readonly()
    .optional(),
  virtualExtensions: z.array(name).readonly(),
  secureBoot: z.boolean(),
  /** Whose signature the boot files must have: a certificate in PEM. Without it the one inside them counts. */
  secureBootCertificate: certificate.optional(),
  /** The picture of the boot menu, where it is not upstream's own. */
  splash: z.strictObject({ size: z.int().positive(), sha256 }).optional(),
  /** A board's overlay: the name of its installer, and the image that it comes from. imager takes one. */
  overlays: z
    .array(z.strictObject({ name: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/), image: z.string().min(1) }))
    .max(1)
    .readonly()
    .optional(),
  /** True if nodes are held to CozyStack's contract with them (CFG-050, CFG-051). */
  cozystack: z.boolean().optional(),
  extraKernelArguments: z.array(kernelArgument).readonly(),
  kernel: z.strictObject({
    builtIn: z.array(kernelOption).readonly(),
    builtInOrModule: z.record(kernelOption, name),
    off: z.array(kernelOption).readonly(),
  }),
  /** Rules about identity, integrity or signatures of what is published that waivers may accept all the same. */
  waivable: z
    .array(z.string().regex(/^[A-Z]{3,4}-\d{3}$/, 'expected a rule such as EXT-016'))
    .readonly()
    .optional(),
  unpackedSizeLimit: z.int().positive(),
  extraAssets: z.array(z.string().regex(/^[^/.][^\s]*$/)).readonly(),
  labels: z.strictObject({
    variant: z.string().min(1),
    /** Texts of org.opencontainers.image.title, .description and .source, the same for all variants. */
    title: z.string().min(1),
    description: z.string().min(1),
    source: z.url(),
  }),
  upstream: z.strictObject({
    /** Registry and namespace of upstream's images. */
    namespace: z.string().regex(/^[a-z0-9.:-]+(\/[a-z0-9._-]+)*$/, 'expected a registry and a namespace'),
    signers: z.array(signerSchema).readonly(),
  }),
  signing: z.strictObject({
    signers: z.array(signerSchema).readonly(),
    /** `builder.id` of the SLSA provenance. */
    builder: z.url(),
  }),
})

/** Options that the contract demands and forbids at once. */
function contradictions({
  builtIn,
  builtInOrModule,
  off,
}: z.infer<typeof contractFields>['kernel']): readonly string[] {
  const demanded = new Set([...builtIn, ...Object.keys(builtInOrModule)])
  return off.filter((option) => demanded.has(option))
}

const contractSchema = contractFields
  .superRefine(({ kernel }, context) => {
    for (const option of contradictions(kernel))
      context.addIssue({ code: 'custom', path: ['kernel', 'off'], message: `${option} is demanded as well` })
  })
  .superRefine(({ nodes = [], variants }, context) => {
    for (const { name: node, variant } of nodes)
      if (!Object.hasOwn(variants, variant))
        context.addIssue({ code: 'custom', path: ['nodes'], message: `${node} is of ${variant}, which is no variant` })
  })
  .refine(({ secureBoot, secureBootCertificate }) => secureBoot || secureBootCertificate === undefined, {
    path: ['secureBootCertificate'],
    message: 'expected secureBoot: true beside it, got false',
  })

/**
 * True if a release is in the contract's range. A pre-release must be in it by itself and by its minor: `<1.15.0` does
 * not admit v1.15.0-alpha.0, though that comes before v1.15.0.
 */
export function admitsTalos({ talos: range }: Pick<Contract, 'talos'>, talos: string): boolean {
  const version = talosBase(talos)
  if (version === undefined) return false
  const { major, minor, patch } = version
  return [version, `${major}.${minor}.${patch}`].every((one) =>
    semver.satisfies(one, range, { includePrerelease: true }),
  )
}

/** The extensions of all variants, each once, sorted. */
export function extensionNames({ variants }: Pick<Contract, 'variants'>): readonly string[] {
  return [...new Set(Object.values(variants).flatMap(({ extensions }) => extensions))].toSorted()
}

/** Made-up identities, one of each kind that an OpenID provider vouches for. */
const ANYBODY = [
  'x',
  'someone@example.net',
  'someone@example.iam.gserviceaccount.com',
  'https://github.com/someone/else/.github/workflows/build.yaml@refs/heads/main',
  'https://gitlab.com/someone/else//.gitlab-ci.yml@refs/heads/main',
  'https://kubernetes.io/namespaces/default/serviceaccounts/default',
  'spiffe://example.net/someone',
]

/** True if a pattern, held against whole subjects, admits identities that it cannot mean. */
function admitsAnybody(text: string): boolean {
  if (!isPattern(text)) return false
  const whole = new RegExp(`^(?:${text})$`, 'u')
  return ANYBODY.some((subject) => whole.test(subject))
}

function isCertificate(text: string): boolean {
  try {
    return text.startsWith('-----BEGIN CERTIFICATE-----\n') && new X509Certificate(text).subject !== ''
  } catch {
    return false
  }
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u').source !== ''
  } catch {
    return false
  }
}

export type Contract = Readonly<z.infer<typeof contractFields>>
export type Variant = Readonly<z.infer<typeof variantSchema>>

/** A contract file (YAML); SchemaError with every issue, FormatError MALFORMED when it is no YAML. */
export function parseContract(bytes: Uint8Array, path: string): Contract {
  return validate('contract', contractSchema, parseYaml(bytes, { path }), { path })
}
