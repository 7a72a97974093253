// The extensions, byte for byte, and those that an image must not have.
import { sha256Hex } from '#harness/bytes/digest.ts'
import type { ByteSource } from '#harness/bytes/source.ts'
import { HarnessError } from '#harness/errors.ts'
import { FIRMWARE_FOLDER, readExtensionContent } from '#harness/talos/extension/content.ts'
import { labelsDigest } from '#harness/talos/extension/labels.ts'
import { imageModes } from '#harness/talos/extension/modes.ts'
import { SERVICE_SPEC_PATH, readServiceSpec } from '#harness/talos/extension/service-spec.ts'
import { MODULES_DEP } from '#harness/talos/extensions.ts'
import { readSpdx } from '#harness/talos/spdx.ts'
import { AbsentFactError } from '../support/absent-fact.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { filesOf, nameFile, openExtensions, openLayers, type Layer } from './layers.ts'

const SPDX = /^usr\/local\/share\/spdx\/[^/]+\.json$/
const MAX_SERVICE_BYTES = 1 << 20
const MAX_SPDX_BYTES = 64 << 20

test(
  ...must('EXT-004', 'a variant holds no trace of the extensions it must not have: no layer, service, binary or SBOM', {
    targets: ['installer', 'assets', 'media'],
    needs: ['EXT-005'],
    fix: 'build the variant from the extensions that the contract lists, and from nothing that was built for another',
  }),
  async ({ extensions, variant, judge }) => {
    const layers = await openLayers(extensions)
    const isTrace = (name: string): boolean => variant.forbidden.some((forbidden) => name.startsWith(forbidden))
    const paths = layers.flatMap((layer) =>
      [...layer.tree.entries()]
        .filter(({ path, target = '' }) =>
          [path, target].some((name) => isTrace(name.slice(name.lastIndexOf('/') + 1))),
        )
        .map((entry) => nameFile({ layer, entry })),
    )
    const names = [
      ...layers.map(({ name }) => ({ name, of: 'layer' })),
      ...(await namesIn(layers, SERVICE_SPEC_PATH, (data) => readServiceSpec(data, MAX_SERVICE_BYTES))),
      ...(await namesIn(layers, SPDX, (data) => readSpdx(data, MAX_SPDX_BYTES))),
    ]
    const named = names.filter(({ name }) => isTrace(name)).map(({ name, of }) => `${of}: ${name}`)
    judge([...paths, ...named], extensions.where).toEqual([])
  },
)

/** The names that files state; none of one that is not valid, which is for EXT-014 and EXT-016 to say. */
async function namesIn(
  layers: readonly Layer[],
  paths: RegExp,
  read: (data: ByteSource) => Promise<{ readonly name: string }>,
): Promise<readonly { readonly name: string; readonly of: string }[]> {
  const found = filesOf(layers, (path) => paths.test(path)).map(async (file) => {
    try {
      return [{ name: (await read(file.data)).name, of: nameFile(file) }]
    } catch (error) {
      if (error instanceof HarnessError) return []
      throw error
    }
  })
  return (await Promise.all(found)).flat()
}

test(
  ...must(
    'EXT-017',
    "each extension's layer holds exactly the pinned extension's paths, types and bytes (modes aside), its firmware in the initramfs with the pinned bytes",
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-005'],
      pinned: true,
      fix: 'take the extension by the digest in the lock; imager of every release mutates hard links and overwritten firmware',
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

    // The initramfs does not say which extension a firmware file came from: all of them together are what the pinned ones brought.
    const firmware = own.flatMap(({ name }) => locked.get(name)?.firmware ?? [])
    const segments = await Promise.all(initramfs.extensions.map((segment) => segment.archive()))
    const found = segments
      .flatMap(({ tree }) => [...tree.under(FIRMWARE_FOLDER)])
      .filter(({ type }) => type !== 'directory')
    judge(
      new Map(await Promise.all(found.map(async ({ path, data }) => [path, data && (await sha256Hex(data))] as const))),
      extensions.where,
    ).toEqual(new Map(firmware.map(({ path, sha256 }) => [path, sha256])))
  },
)

test(
  ...must(
    'EXT-021',
    'files and folders of each extension have the pinned modes (what imager takes aside: folders lose 07000 and gain 0700, firmware goes through umask 022)',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-008', 'EXT-012', 'EXT-013', 'EXT-017', 'EXT-023', 'EXT-025', 'INI-011'],
      pinned: true,
      fix: 'take the extension by the digest in the lock, and unpack it as root with its modes',
    },
  ),
  async ({ extensions, initramfs, variant, pinned, judge }) => {
    const locked = new Map(pinned('extensions').map((extension) => [extension.name, extension]))
    const absent = variant.extensions.find((name) => locked.get(name)?.modes === undefined)
    if (absent !== undefined) throw new AbsentFactError(`extensions: modes of ${absent}`)

    const own = (await openExtensions(extensions)).filter(({ name }) => locked.has(name))
    const tree = await initramfs.tree()
    const found = own.map(({ name, tree: layer }) => {
      const firmware = (locked.get(name)?.firmware ?? []).flatMap(({ path }) => tree.get(path) ?? [])
      return `${name} ${imageModes(layer, firmware)}`
    })
    judge(found, extensions.where).toEqual(own.map(({ name }) => `${name} ${locked.get(name)?.modes}`))
  },
)

test(
  ...must(
    'EXT-026',
    'files and folders of each layer carry the SELinux labels of the pinned extension, where imager of this minor keeps them, and no others; the module index has none',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-017', 'EXT-020'],
      pinned: true,
      fix: 'take the extension by the digest in the lock, and build where SELinux labels no files',
    },
  ),
  async ({ extensions, pinned, quirks, judge }) => {
    const locked = new Map(pinned('extensions').map((extension) => [extension.name, extension]))
    const layers = (await openLayers(extensions)).filter(({ name }) => name === MODULES_DEP || locked.has(name))
    const labels = layers.map(({ name, tree }) => ({
      name,
      is: labelsDigest(tree),
      published: locked.get(name)?.labels,
    }))
    const isKept = labels.some(({ published }) => published !== undefined) && quirks.extensionLabels
    const show = (name: string, digest: string | undefined): string => `${name} ${digest ?? 'no labels'}`
    judge(
      labels.map(({ name, is }) => show(name, is)),
      extensions.where,
    ).toEqual(labels.map(({ name, published }) => show(name, isKept ? published : undefined)))
  },
)
