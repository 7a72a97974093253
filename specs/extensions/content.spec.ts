// Which extensions these are, byte for byte, and which they must not be.
import { sha256Hex } from '#harness/bytes/digest.ts'
import { readAll } from '#harness/bytes/source.ts'
import { readExtensionContent } from '#harness/talos/extension-content.ts'
import { parseServiceSpec } from '#harness/talos/service-spec.ts'
import { AbsentFactError } from '../support/absent-fact.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { filesOf, nameFile, openExtensions, openLayers } from './layers.ts'

const SERVICE = /^usr\/local\/etc\/containers\/[^/]+\.yaml$/
const MAX_SERVICE_BYTES = 1 << 20

test(
  ...must('EXT-004', 'a variant holds no trace of the extensions it must not have: no layer, service, binary or SBOM', {
    faces: ['installer', 'assets'],
    needs: ['EXT-005'],
    fix: 'build the variant from the extensions that the contract lists, and from nothing that was built for another',
  }),
  async ({ extensions, variant, judge }) => {
    const layers = await openLayers(extensions)
    const isTrace = (name: string): boolean => variant.forbidden.some((forbidden) => name.startsWith(forbidden))
    const named = layers.filter(({ name }) => isTrace(name)).map(({ name }) => `layer ${name}`)
    const files = layers.flatMap((layer) =>
      [...layer.tree.entries()]
        .filter(({ path }) => isTrace(path.slice(path.lastIndexOf('/') + 1)))
        .map((entry) => nameFile({ layer, entry })),
    )
    const services = await Promise.all(
      filesOf(layers, (path) => SERVICE.test(path)).map(async ({ data }) =>
        nameOfService(await readAll(data, MAX_SERVICE_BYTES)),
      ),
    )
    judge([...named, ...files, ...services.filter(isTrace).map((name) => `service ${name}`)], extensions.where).toEqual(
      [],
    )
  },
)

/** '' for a specification that is not valid: that is for EXT-014 to say. */
function nameOfService(bytes: Uint8Array): string {
  try {
    return parseServiceSpec(bytes).name
  } catch {
    return ''
  }
}

test(
  ...must(
    'EXT-017',
    "each extension's layer holds exactly the pinned extension's paths, types and bytes (modes aside), its firmware lying in the initramfs with the pinned bytes",
    {
      faces: ['installer', 'assets'],
      needs: ['EXT-005'],
      pinned: true,
      fix: 'take the extension by the digest in the lock; imager of every release spoils hard links and overwritten firmware',
    },
  ),
  async ({ extensions, initramfs, variant, pinned, judge }) => {
    const locked = new Map(pinned('extensions').map((extension) => [extension.name, extension]))
    const absent = variant.extensions.find((name) => locked.get(name)?.content === undefined)
    if (absent !== undefined) throw new AbsentFactError(`extensions: content of ${absent}`)

    const own = (await openExtensions(extensions)).filter(({ name }) => locked.has(name))
    const contents = await Promise.all(
      own.map(async ({ name, tree }) => `${name} ${(await readExtensionContent(tree)).content}`),
    )
    judge(contents, extensions.where).toEqual(own.map(({ name }) => `${name} ${locked.get(name)?.content}`))

    const tree = await initramfs.tree()
    const firmware = own.flatMap(({ name }) => locked.get(name)?.firmware ?? [])
    const found = await Promise.all(
      firmware.map(async ({ path }) => {
        const data = tree.get(path)?.data
        return `${path} ${data === undefined ? 'is missing' : await sha256Hex(data)}`
      }),
    )
    judge(found, extensions.where).toEqual(firmware.map(({ path, sha256 }) => `${path} ${sha256}`))
  },
)
