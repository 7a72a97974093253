// The shape of a variant in a contract: what is in its image, and what its nodes promise.
import { z } from 'zod'
import { signerSchema } from './signers.ts'

export const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'expected a name of lower-case letters, digits and dashes')

/** An image of one's own, in any registry. */
export const ownImage = z
  .string()
  .regex(/^[a-z0-9.-]+(:\d+)?\/\S+[:@]\S+$/, 'expected an image with a tag or a digest')
  .describe('Its image, in any registry.')

/** An extension that the catalogue of the release alone does not say: another image, or that of an older release. */
const namedExtensionSchema = z
  .strictObject({
    name: name.describe('The name in its manifest, which an image lists.'),
    image: ownImage.optional(),
    signer: signerSchema.optional().describe('Who must have signed the image (SUP-005).'),
    talos: z
      .string()
      .regex(/^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'expected a Talos tag such as v1.11.4')
      .optional()
      .describe(
        'The release at whose copy it is held back (SUP-004): of upstream’s catalogue, or as its image was built.',
      ),
    modulesKey: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits')
      .optional()
      .describe(
        'sha256 of the certificate (DER) whose key signed its kernel modules, where that is not the key of the kernel’s own: kernel.image must hold it (MOD-002).',
      ),
  })
  .superRefine(({ image, signer, talos, modulesKey }, context) => {
    const fail = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message })
    if (image !== undefined && signer === undefined) fail('signer', 'expected who signs the image, got nothing')
    if (image === undefined && signer !== undefined) fail('image', 'expected the image that is signed, got nothing')
    if (image === undefined && modulesKey !== undefined)
      fail('image', 'expected an image beside modulesKey, got nothing')
    if (image === undefined && signer === undefined && modulesKey === undefined && talos === undefined)
      fail('image', 'expected image and signer, or talos: an extension as upstream has it is its name alone')
  })

const variantFields = z.strictObject({
  role: z
    .enum(['worker', 'gateway'])
    .default('worker')
    .describe('What the nodes of the variant are: a gateway advertises routes to other networks.'),
  extensions: z
    .array(z.union([name, namedExtensionSchema]))
    .readonly()
    .default([])
    .describe(
      'System extensions in build order: the later layer wins where two bring the same path. By the name in upstream’s catalogue; one of your own by name, image and signer; one that is held back by name and talos.',
    ),
  forbidden: z.array(name).readonly().default([]).describe('Extensions that the image must not have.'),
  serviceConfigurations: z
    .array(name)
    .readonly()
    .default([])
    .describe('Extension services for which the nodes have an ExtensionServiceConfig document.'),
  kernelModules: z
    .array(z.string().regex(/^[A-Za-z0-9_-]+$/, 'expected the name of a kernel module'))
    .readonly()
    .default([])
    .describe('Kernel modules that the nodes load by name (machine.kernel.modules).'),
  repositories: z
    .array(z.string().regex(/^[a-zA-Z0-9][^\s@]*$/, 'expected a repository'))
    .readonly()
    .optional()
    .describe(
      'Repositories that nodes may install the variant from: whole, or their end from a slash on. Absent: those that end in the name of the variant or in talos- and its name.',
    ),
})

type OwnExtension = {
  readonly name: string
  readonly image: string
  readonly signer: z.infer<typeof signerSchema>
  readonly talos?: string | undefined
  readonly modulesKey?: string | undefined
}
type HeldExtension = { readonly name: string; readonly talos: string }

/** The names of all extensions, and beside them what the contract says of those that it names by more than that. */
export const variantSchema = variantFields.transform(({ extensions, ...rest }) => {
  const named = extensions.filter((one) => typeof one !== 'string')
  const own = named.flatMap(({ image, signer, ...one }): readonly OwnExtension[] =>
    image === undefined || signer === undefined ? [] : [{ ...one, image, signer }],
  )
  const held = named.flatMap(({ name: at, image, talos }): readonly HeldExtension[] =>
    image === undefined && talos !== undefined ? [{ name: at, talos }] : [],
  )
  return {
    ...rest,
    extensions: extensions.map((one) => (typeof one === 'string' ? one : one.name)) as readonly string[],
    ...(own.length > 0 && { own }),
    ...(held.length > 0 && { held }),
  }
})
