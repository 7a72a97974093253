// The shape of a contract: every decision with its default. What a key means to an editor is in its description, which
// specs/contract/schemas/contract.schema.json shows.
import { X509Certificate } from 'node:crypto'
import semver from 'semver'
import { z } from 'zod'
import { ARCHITECTURES } from '../architecture.ts'
import { signerSchema } from './signers.ts'
import { name, ownImage, variantSchema } from './variant.ts'

/** An option of the kernel's configuration; `CONFIG_KVM` is `KVM`: no option begins with CONFIG_ twice. */
const kernelOption = z
  .string()
  .transform((option) => option.replace(/^CONFIG_/, ''))
  .pipe(z.string().regex(/^(?!CONFIG_)[A-Za-z0-9][A-Za-z0-9_]*$/, 'expected a kernel option such as KVM'))

const certificate = z.string().refine(isCertificate, 'expected a certificate in PEM')

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits')

const kernelArgument = z.string().regex(/^\S+$/, 'expected one argument without spaces')

/** Digits are left out: Go sorts those by their value. */
const overlayOption = z
  .string()
  .regex(/^(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z_]+$/i, 'expected a name of letters and _, no word of YAML')

/** The default of labels.source and signing.builder: a name that nobody has (RFC 2606). */
const NOBODY = 'https://example.com/'

export const contractFields = z.strictObject({
  extends: z
    .literal('default')
    .optional()
    .describe('The keys that are left out are those of the contract for CozyStack that is shipped with this suite.'),
  schema: z.literal(1).default(1).describe('Version of this format.'),
  talos: z
    .string()
    .refine((range) => semver.validRange(range) !== null, 'expected a semver range')
    .default('>=1.11.0 <1.15.0')
    .describe('Talos releases that the contract is for, as an npm semver range; pre-releases count.'),
  architecture: z
    .enum(ARCHITECTURES)
    .optional()
    .describe('The machines that the images are for: arm64, also where it is left out. No other is judged or built.'),
  variants: z
    .record(name, variantSchema)
    .refine((variants) => Object.keys(variants).length > 0, 'expected one variant at least')
    .describe('The images: name, then what is in it and what its nodes promise.'),
  pathsOfModules: z
    .record(z.string().startsWith('/', 'expected a path that begins with a slash'), z.string())
    .default({ '/dev/zfs': 'zfs' })
    .describe('Paths that appear once a kernel module is loaded.'),
  pathsOfHardware: z
    .array(z.string().startsWith('/', 'expected a path that begins with a slash'))
    .readonly()
    .default([])
    .describe(
      'Paths that every node of yours has by its hardware, such as /dev/virtio-ports/org.qemu.guest_agent.0: a service that waits for one never starts, and reboots the node, where it is not there.',
    ),
  joinNetwork: z
    .union([z.cidrv4(), z.cidrv6()], 'expected a network such as 10.0.0.0/16')
    .default('100.64.0.0/16')
    .describe(
      'The network between nodes and pods that the network plugin makes (Kube-OVN); no field of the machine configuration has it.',
    ),
  gateways: z
    .strictObject({
      count: z.int().nonnegative().default(0).describe('Absent: one where a variant has the role gateway.'),
      names: z.array(z.string().min(1)).readonly().default([]).describe('Their hostnames, where they are decided.'),
    })
    .prefault({})
    .describe('The nodes that install a variant of the role gateway.'),
  nodes: z
    .array(z.strictObject({ name: z.string().min(1), variant: name }))
    .readonly()
    .optional()
    .describe(
      'The variant of each node, by hostname or by the name of its file; others by the image that they install.',
    ),
  virtualExtensions: z
    .array(name)
    .readonly()
    .default(['schematic', 'embedded-config'])
    .describe('Extensions that Image Factory and imager make; allowed, never demanded.'),
  secureBoot: z.boolean().default(false).describe('True if UKI and boot loader are signed for SecureBoot (UKI-007).'),
  secureBootCertificate: certificate
    .optional()
    .describe('A certificate in PEM whose signature the boot files must have. Without it the one inside them counts.'),
  splash: z
    .strictObject({ size: z.int().positive(), sha256 })
    .optional()
    .describe('The picture of the boot menu, where it is not upstream’s own.'),
  overlays: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[a-z0-9][a-z0-9._-]*$/)
          .describe('The program in its folder installers/.'),
        image: z
          .string()
          .min(1)
          .describe('Its image with a tag or a digest; the lock pins it by digest, and what is in it.'),
        options: z
          .record(overlayOption, z.union([z.string(), z.boolean(), z.int()]))
          .optional()
          .describe('What the program is given: overlay.options of an imager profile.'),
        arguments: z
          .array(kernelArgument)
          .readonly()
          .optional()
          .describe(
            'Kernel arguments that the program asks for (get-options): imager puts them before the defaults, in place of the platform’s of the same name.',
          ),
      }),
    )
    .max(1)
    .readonly()
    .optional()
    .describe('A board’s overlay: the name of its installer, and the image that it comes from. imager takes one.'),
  cozystack: z
    .boolean()
    .optional()
    .describe(
      'True if machine configurations are also held to CozyStack’s contract with its nodes (CFG-050, CFG-051, CFG-052).',
    ),
  reference: z
    .string()
    .regex(/^[^\s:@]+(:\d+)?(\/[^\s:@]+)*$/, 'expected a repository without a tag')
    .optional()
    .describe(
      'The repository of the images that yours are compared with (REL-005), such as ghcr.io/cozystack/cozystack/talos; the lock pins the one of its Talos release. Absent: nothing is compared.',
    ),
  extraKernelArguments: z
    .array(kernelArgument)
    .readonly()
    .default([])
    .describe('Appended to the command line of the Talos minor. A leading - takes a default away.'),
  kernel: z
    .strictObject({
      image: ownImage
        .optional()
        .describe(
          'An imager with a kernel of your own (make imager PKG_KERNEL=… in siderolabs/talos): kernel and base initramfs are taken from it, with the modules of that kernel. Absent: upstream’s imager.',
        ),
      signer: signerSchema.optional().describe('Who must have signed that image (SUP-005).'),
      builtIn: z.array(kernelOption).readonly().default([]).describe('Options that must be built in.'),
      builtInOrModule: z
        .record(kernelOption, name)
        .default({})
        .describe('Built in, or a module that the root filesystem holds: option, then the name of the module.'),
      off: z.array(kernelOption).readonly().default([]).describe('Options that must not be set.'),
    })
    .prefault({})
    .describe('The kernel: where it is from, and options of its configuration.'),
  waivable: z
    .array(z.string().regex(/^[A-Z]{3,4}-\d{3}$/, 'expected a rule such as EXT-016'))
    .readonly()
    .optional()
    .describe(
      'Rules about identity, integrity or signatures of what is published that waivers may accept all the same.',
    ),
  unpackedSizeLimit: z
    .int()
    .positive()
    .default(512 << 20)
    .describe('Bytes of the unpacked installer image: Talos unpacks it in memory.'),
  extraAssets: z
    .array(z.string().regex(/^[^/.][^\s]*$/, 'expected a path in the asset tree'))
    .readonly()
    .default([])
    .describe(
      'Files of the asset tree beside kernel, initramfs, checksums and report, such as boot/cmdline; media (.iso, .raw, compressed by xz or zstd) are judged too.',
    ),
  labels: z
    .strictObject({
      variant: z
        .string()
        .min(1)
        .default('io.cozystack.talos.variant')
        .describe('The label that says which of the variants an image is.'),
      title: z.string().min(1).default('Talos Linux (arm64)').describe('org.opencontainers.image.title'),
      description: z
        .string()
        .min(1)
        .default('Talos Linux installer and boot assets for arm64 nodes, with system extensions.')
        .describe('org.opencontainers.image.description'),
      source: z
        .url('expected a URL')
        .default(NOBODY)
        .describe('org.opencontainers.image.source: where contract and lock are kept.'),
    })
    .prefault({})
    .describe('Labels of every image that is built.'),
  upstream: z
    .strictObject({
      namespace: z
        .string()
        .regex(/^[a-z0-9.:-]+(\/[a-z0-9._-]+)*$/, 'expected a registry and a namespace')
        .default('ghcr.io/siderolabs')
        .describe('Registry and namespace of upstream’s images.'),
      factories: z
        .array(
          z.string().regex(/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*$/, 'expected a host, with a path where it has one'),
        )
        .readonly()
        .optional()
        .describe(
          'Hosts of Image Factory whose installers nodes may install by their schematic (CFG-004): your own, or a registry that mirrors one. Absent: factory.talos.dev.',
        ),
      signers: z
        .array(signerSchema)
        .readonly()
        .default([
          { issuer: 'https://accounts.google.com', subjectPattern: '[^@\\s:/]+@siderolabs\\.com' },
          {
            issuer: 'https://accounts.google.com',
            subject: 'releasemgr-svc@talos-production.iam.gserviceaccount.com',
          },
        ])
        .describe('Who must have signed upstream’s images (SUP-005).'),
    })
    .prefault({})
    .describe('Where upstream’s images are, and who signs them.'),
  signing: z
    .strictObject({
      signers: z
        .array(signerSchema)
        .readonly()
        .default([])
        .describe('Who signs the images that are published (SUP-001): a workflow’s identity, or a key.'),
      builder: z.url('expected a URL').default(NOBODY).describe('builder.id of the SLSA provenance.'),
    })
    .prefault({})
    .describe('Who signs the images that are published, and what builds them.'),
})

function isCertificate(text: string): boolean {
  try {
    return text.startsWith('-----BEGIN CERTIFICATE-----\n') && new X509Certificate(text).subject !== ''
  } catch {
    return false
  }
}
