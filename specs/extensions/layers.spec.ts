// The form of every extension layer: siderolabs/talos pkg/machinery/extensions/validate.go, facts on what imager drops.
import type { FileEntry } from '#harness/fs/file-tree.ts'
import { FIRMWARE_FOLDER } from '#harness/talos/extension/content.ts'
import { MODULES_DEP } from '#harness/talos/extensions.ts'
import { machineOf } from '../contract/architecture.ts'
import { must } from '../support/requirement.ts'
import { findForeignElf } from '../support/foreign-elf.ts'
import { test } from '../support/test.ts'
import { findShared, isHollow, MODULE_LIST, nameFile, openExtensions, openLayers, whyNotMounted } from './layers.ts'

const WORLD_WRITABLE = 0o002
const SETUID_SETGID = 0o6000
/** Capabilities of a file, which every process that runs it gets. */
const CAPABILITY_XATTR = 'security.capability'
/**
 * Marks that make an entry an order to the overlay: a directory that hides all below it, a file that is another one.
 */
const OVERLAY_XATTR = /^(trusted|user)\.overlay\./

test(
  ...must('EXT-005', 'every layer is squashfs 4.0 with a compressor this kernel mounts, owned by root', {
    targets: ['installer', 'assets', 'media'],
    needs: ['EXT-001', 'KRN-001'],
    fix: 'squash with `-comp zstd -all-root`, as imager does',
  }),
  async ({ extensions, kernel, judge }) => {
    const config = await kernel.config()
    const reasons = await Promise.all([...extensions.images.values()].map((image) => whyNotMounted(image, config)))
    judge(
      reasons.filter((reason) => reason !== undefined),
      extensions.where,
    ).toEqual([])
    const foreign = (await openLayers(extensions)).flatMap(({ name, tree }) =>
      [...tree.entries()]
        .filter(({ uid, gid }) => uid !== 0 || gid !== 0)
        .map(({ path, uid, gid }) => `${name}: ${path} of ${uid}:${gid}`),
    )
    judge(foreign, extensions.where).toEqual([])
  },
)

test(
  ...must(
    'EXT-007',
    'extensions install only files, directories and links, only under the prefixes this minor allows',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-005'],
      fix: 'take the extension from upstream’s catalogue: its validator refuses such paths, imager does not look',
    },
  ),
  async ({ extensions, quirks, judge }) => {
    const allowed = (path: string): boolean =>
      quirks.extensionPrefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))
    judge(
      await findEntries(extensions, ({ type, path, xattrs = new Map() }, layer) => {
        if ([...xattrs.keys()].some((name) => OVERLAY_XATTR.test(name))) return true
        if (type === 'directory') return false
        return (
          (type !== 'file' && type !== 'symlink') || !(layer === MODULES_DEP ? MODULE_LIST.test(path) : allowed(path))
        )
      }),
      extensions.where,
    ).toEqual([])
  },
)

test(
  ...must(
    'EXT-008',
    'no regular file is world-writable, setuid or setgid (directories: imager drops the sticky bit of upstream’s 1777)',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-005'],
      fix: 'set the modes in the extension: layers are mounted read-only, but their modes hold for every container',
    },
  ),
  async ({ extensions, judge }) => {
    judge(
      await findEntries(
        extensions,
        ({ type, mode, xattrs }) =>
          type === 'file' &&
          ((mode & (WORLD_WRITABLE | SETUID_SETGID)) !== 0 || xattrs?.has(CAPABILITY_XATTR) === true),
      ),
      extensions.where,
    ).toEqual([])
  },
)

test(
  ...must(
    'EXT-009',
    'no path belongs to two extensions (`modules.order`, `modules.builtin`, `modules.builtin.modinfo` and what depmod writes aside)',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-005'],
      fix: 'leave one of the two out: the later layer hides the file of the earlier one',
    },
  ),
  async ({ extensions, judge }) => {
    judge(findShared(await openLayers(extensions)), extensions.where).toEqual([])
  },
)

test(
  ...must('EXT-010', 'every ELF in an extension is aarch64 (firmware and EM_BPF aside)', {
    targets: ['installer', 'assets', 'media'],
    needs: ['EXT-005'],
    fix: 'pull the extension for linux/arm64: the catalogue’s digests name indexes of both architectures',
  }),
  async ({ extensions, contract, judge }) => {
    const layers = await openLayers(extensions)
    const foreign = await Promise.all(
      layers.map(({ tree }) => findForeignElf(tree, machineOf(contract), [FIRMWARE_FOLDER])),
    )
    judge(
      foreign.flatMap((files, at) => files.map(({ path, machine }) => `${layers[at]?.name}: ${path} (${machine})`)),
      extensions.where,
    ).toEqual([])
  },
)

test(
  ...must('EXT-011', 'no extension is empty (one that brought only firmware keeps the folders `usr`, `usr/lib`)', {
    targets: ['installer', 'assets', 'media'],
    needs: ['EXT-005'],
    fix: 'leave the extension out: it has nothing for arm64 (amdgpu and i915 are like that)',
  }),
  async ({ extensions, judge }) => {
    const hasFirmware = extensions.paths.some((path) => path.startsWith(`${FIRMWARE_FOLDER}/`))
    const empty = (await openExtensions(extensions)).filter(({ tree }) => isHollow(tree, hasFirmware))
    judge(
      empty.map(({ name }) => name),
      extensions.where,
    ).toEqual([])
  },
)

/** `name: path (type)` of every entry of a layer that `matches`. */
async function findEntries(
  extensions: Parameters<typeof openExtensions>[0],
  matches: (entry: FileEntry, layer: string) => boolean,
): Promise<readonly string[]> {
  return (await openLayers(extensions)).flatMap((layer) =>
    [...layer.tree.entries()]
      .filter((entry) => matches(entry, layer.name))
      .map((entry) => `${nameFile({ layer, entry })} (${entry.type})`),
  )
}
