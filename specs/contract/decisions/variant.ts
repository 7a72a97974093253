// The shape of a variant in a contract: what is in its image, and what its nodes promise.
import { z } from 'zod'
import { signerSchema } from './signers.ts'

export const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'expected a name of lower-case letters, digits and dashes')

/** An extension that is not of upstream's catalogue. */
const ownExtensionSchema = z.strictObject({
  name,
  image: z
    .string()
    .regex(/^[a-z0-9.-]+(:\d+)?\/\S+[:@]\S+$/, 'expected an image with a tag or a digest')
    .describe('Its image, in any registry.'),
  signer: signerSchema.describe('Who must have signed it (SUP-005).'),
})

const variantFields = z.strictObject({
  role: z
    .enum(['worker', 'gateway'])
    .default('worker')
    .describe('What the nodes of the variant are: a gateway advertises routes to other networks.'),
  extensions: z
    .array(z.union([name, ownExtensionSchema], 'expected a name of upstream’s catalogue, or name, image and signer'))
    .readonly()
    .default([])
    .describe(
      'System extensions in build order: the later layer wins where two bring the same path. By the name in upstream’s catalogue; one of your own by name, image and signer.',
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

/** The names of all extensions, and beside them what the contract says of those that are its own. */
export const variantSchema = variantFields.transform(({ extensions, ...rest }) => {
  const own = extensions.filter((one) => typeof one !== 'string')
  return {
    ...rest,
    extensions: extensions.map((one) => (typeof one === 'string' ? one : one.name)) as readonly string[],
    ...(own.length > 0 && { own: own as readonly z.infer<typeof ownExtensionSchema>[] }),
  }
})
