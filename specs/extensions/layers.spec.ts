// What every extension layer must be: siderolabs/talos pkg/machinery/extensions/validate.go, facts on what imager drops.
import type { FileEntry } from '#harness/fs/file-tree.ts'
import { FIRMWARE_FOLDER } from '#harness/talos/extension-content.ts'
import { must } from '../support/requirement.ts'
import { findForeignElf } from '../support/foreign-elf.ts'
import { test } from '../support/test.ts'
import { nameFile, openExtensions, openLayers, type Layer } from './layers.ts'

/** The kernel option that mounts a squashfs of each compressor. */
const MOUNTED_BY: Readonly<Record<string, string>> = {
  gzip: 'CONFIG_SQUASHFS_ZLIB',
  xz: 'CONFIG_SQUASHFS_XZ',
  zstd: 'CONFIG_SQUASHFS_ZSTD',
  lz4: 'CONFIG_SQUASHFS_LZ4',
  lzo: 'CONFIG_SQUASHFS_LZO',
}
const WORLD_WRITABLE = 0o002
const SETUID_SETGID = 0o6000
/** Lists that drbd and zfs bring with the kernel's build; depmod's output stands over them. */
const MODULE_LIST = /^usr\/lib\/modules\/[^/]+\/modules\.[^/]+$/

test(
  ...must('EXT-005', 'every layer is squashfs 4.0 with a compressor this kernel mounts, owned by root', {
    faces: ['installer', 'assets'],
    needs: ['EXT-001'],
    fix: 'squash with `-comp zstd -all-root`, as imager does',
  }),
  async ({ extensions, kernel, judge }) => {
    const config = (await kernel.config()) ?? new Map<string, string>()
    const images = await Promise.all([...extensions.images.values()].map((image) => image.squashfs()))
    judge(
      images
        .filter(({ compression }) => config.get(MOUNTED_BY[compression] ?? '') !== 'y')
        .map(({ where, compression }) => `${where.path}: ${compression}`),
      extensions.where,
    ).toEqual([])
    const foreign = (await openLayers(extensions)).flatMap(({ name, tree }) =>
      [...tree.entries()]
        .filter(({ uid, gid }) => uid !== 0 || gid !== 0)
        .map(({ path, uid }) => `${name}: ${path} of ${uid}`),
    )
    judge(foreign, extensions.where).toEqual([])
  },
)

test(
  ...must(
    'EXT-007',
    'extensions install only files, directories and links, only under the prefixes this minor allows',
    {
      faces: ['installer', 'assets'],
      needs: ['EXT-005'],
      fix: 'take the extension from upstream’s catalogue: its validator refuses such paths, imager does not look',
    },
  ),
  async ({ extensions, quirks, judge }) => {
    const allowed = (path: string): boolean =>
      quirks.extensionPrefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))
    judge(
      await findEntries(extensions, ({ type, path }) => {
        if (type === 'directory') return false
        return (type !== 'file' && type !== 'symlink') || !allowed(path)
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
      faces: ['installer', 'assets'],
      needs: ['EXT-005'],
      fix: 'set the modes in the extension: layers are mounted read-only, but their modes hold for every container',
    },
  ),
  async ({ extensions, judge }) => {
    judge(
      await findEntries(
        extensions,
        ({ type, mode }) => type === 'file' && (mode & (WORLD_WRITABLE | SETUID_SETGID)) !== 0,
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
      faces: ['installer', 'assets'],
      needs: ['EXT-005'],
      fix: 'leave one of the two out: the later layer hides the file of the earlier one',
    },
  ),
  async ({ extensions, judge }) => {
    const owners = new Map<string, string[]>()
    for (const { name, tree } of await openLayers(extensions))
      for (const { path, type } of tree.entries())
        if (type !== 'directory' && !MODULE_LIST.test(path)) owners.set(path, [...(owners.get(path) ?? []), name])
    judge(
      [...owners].filter(([, names]) => names.length > 1).map(([path, names]) => `${path}: ${names.join(', ')}`),
      extensions.where,
    ).toEqual([])
  },
)

test(
  ...must('EXT-010', 'every ELF in an extension is aarch64 (firmware and EM_BPF aside)', {
    faces: ['installer', 'assets'],
    needs: ['EXT-005'],
    fix: 'pull the extension for linux/arm64: the catalogue’s digests name indexes of both architectures',
  }),
  async ({ extensions, judge }) => {
    const layers = await openLayers(extensions)
    const foreign = await Promise.all(layers.map(({ tree }) => findForeignElf(tree, 'aarch64', [FIRMWARE_FOLDER])))
    judge(
      foreign.flatMap((files, at) => files.map(({ path, machine }) => `${layers[at]?.name}: ${path} (${machine})`)),
      extensions.where,
    ).toEqual([])
  },
)

test(
  ...must('EXT-011', 'no extension is empty (one that brought only firmware keeps the folders `usr`, `usr/lib`)', {
    faces: ['installer', 'assets'],
    needs: ['EXT-005'],
    fix: 'leave the extension out: it has nothing for arm64 (amdgpu and i915 are like that)',
  }),
  async ({ extensions, judge }) => {
    const empty = (await openExtensions(extensions)).filter(({ tree }) => tree.children('').length === 0)
    judge(
      empty.map(({ name }) => name),
      extensions.where,
    ).toEqual([])
  },
)

/** `name: path` of every entry of an extension, the root aside, that `matches`. */
async function findEntries(
  extensions: Parameters<typeof openExtensions>[0],
  matches: (entry: FileEntry) => boolean,
): Promise<readonly string[]> {
  const layers: readonly Layer[] = await openLayers(extensions)
  return layers.flatMap((layer) =>
    [...layer.tree.under('')].filter(matches).map((entry) => `${nameFile({ layer, entry })} (${entry.type})`),
  )
}
