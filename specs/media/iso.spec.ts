// An ISO as imager writes it: siderolabs/talos v1.12.11 pkg/imager/iso (xorrisofs, with the FAT image appended).
import { sha256Hex } from '#harness/bytes/digest.ts'
import { skipPadding } from '#harness/bytes/padding.ts'
import { readAll, type ByteSource } from '#harness/bytes/source.ts'
import type { FileTree } from '#harness/fs/file-tree.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

const UEFI = 0xef
const DATA = 0x83
const SECTOR = 2048
const MAX_TEXT_BYTES = 64 << 10
const CATALOGUE = 'boot.catalog'
/** What only an image with GRUB has; the program and its modules are those of imager's container. */
const GRUB = /^boot\/(grub\/.*|vmlinuz|initramfs\.xz)$/

test(
  ...must(
    'MED-010',
    'its partition table and its El Torito catalogue name one EFI image, behind the file system, with zeros behind it and no program in the first sector; before 1.12 there is a GPT and an entry of GRUB’s too',
    {
      targets: ['media'],
      forms: ['iso'],
      fix: 'take the ISO as imager wrote it: what copies files into a new one leaves out the appended EFI image, which boots',
    },
  ),
  async ({ medium, quirks, contract, judge }) => {
    const hasGrub = quirks.isoHasGrub && !contract.secureBoot
    const { mbr, efiOffset, efiSize, where, volume } = await medium.iso()
    const { bootEntries } = await volume()
    const source = await medium.source()
    const { size } = source
    const efi = { platform: UEFI, isBootable: true, emulation: 0, sector: efiOffset / SECTOR }
    judge(bootEntries.slice(-1), where).toEqual([efi])
    judge(bootEntries.length, where).toBe(hasGrub ? 2 : 1)
    judge(efiOffset + efiSize <= size ? 'inside' : `${efiOffset + efiSize - size} bytes beyond the end`, where).toBe(
      'inside',
    )
    if (hasGrub) return
    judge(
      mbr.partitions.map((one) => one?.type),
      where,
    ).toEqual([DATA, UEFI, undefined, undefined])
    // A hybrid image has GRUB's program, and the backup of its partition table at its end.
    const foreign = await skipPadding(source, efiOffset + efiSize)
    judge({ isWithoutCode: mbr.isWithoutCode, isWhole: foreign === size }, { ...where, offset: foreign }).toEqual({
      isWithoutCode: true,
      isWhole: true,
    })
  },
)

test(
  ...must(
    'MED-011',
    'its tree, by both sets of descriptors and no others, has the files of the EFI image byte for byte and no others (before 1.12 kernel, initramfs and GRUB too)',
    {
      targets: ['media'],
      forms: ['iso'],
      needs: ['MED-005'],
      fix: 'let imager write the ISO anew: what a person sees in the tree must be what boots',
    },
  ),
  async ({ medium, quirks, contract, judge }) => {
    const hasGrub = quirks.isoHasGrub && !contract.secureBoot
    const iso = await medium.iso()
    const expected = await contentOf((await iso.efi()).tree)
    for (const volume of [await iso.volume(), await iso.secondVolume()]) {
      judge(volume.otherDescriptors, volume.where).toEqual([])
      const found = (await contentOf(await volume.tree())).filter(
        (line) => !line.startsWith(`${CATALOGUE} `) && !(hasGrub && GRUB.test(line.split(' ')[0] ?? '')),
      )
      judge(found, volume.where).toEqual(expected)
    }
  },
)

/** `path sha256`, in lower case, sorted. */
async function contentOf(tree: FileTree): Promise<readonly string[]> {
  const lines: string[] = []
  for (const { path, data } of tree.entries())
    if (data !== undefined) lines.push(`${path.toLowerCase()} ${path === CATALOGUE ? '' : await sha256Hex(data)}`)
  return lines.toSorted()
}

test(
  ...must('MED-012', 'its volume is named after the release', {
    targets: ['media'],
    forms: ['iso'],
    needs: ['MED-005'],
    pinned: true,
    fix: 'let the imager of the pinned release write the ISO',
  }),
  async ({ medium, pinned, judge }) => {
    const { volumeId, volumeSetId, where } = await (await medium.iso()).volume()
    const name = `Talos-${pinned('talos')}`
    const id = name
      .toUpperCase()
      .replaceAll(/[.-]/g, '_')
      .replaceAll(/[^A-Z0-9_]/g, '')
      .slice(0, 32)
    judge({ volumeId, volumeSetId }, where).toEqual({ volumeId: id, volumeSetId: name })
  },
)

test(
  ...must(
    'MED-013',
    'kernel and initramfs that GRUB starts, before 1.12, are those of the UKI, with its command line',
    {
      targets: ['media'],
      forms: ['iso'],
      needs: ['MED-011', 'UKI-005', 'UKI-006'],
      fix: 'let imager write the ISO anew: a machine without UEFI would start another system',
    },
  ),
  async ({ medium, uki, quirks, contract, judge }) => {
    const hasGrub = quirks.isoHasGrub && !contract.secureBoot
    const volume = await (await medium.iso()).volume()
    const { where } = volume
    const tree = await volume.tree()
    const found = await digestsOf([tree.get('boot/vmlinuz')?.data, tree.get('boot/initramfs.xz')?.data])
    const expected = await digestsOf([uki.first('.linux'), uki.first('.initrd')])
    judge(found, where).toEqual(hasGrub ? expected : [undefined, undefined])
    const configuration = tree.get('boot/grub/grub.cfg')?.data
    const text = configuration && new TextDecoder().decode(await readAll(configuration, MAX_TEXT_BYTES))
    const lines = [...(text ?? '').matchAll(/^\s*linux \S+ (.*)$/gmu)].map(([, line = '']) => line)
    const own = [await uki.text('.cmdline'), await uki.profiles[1]?.text('.cmdline')]
    judge(lines, where).toEqual(hasGrub ? own : [])
  },
)

function digestsOf(sources: readonly (ByteSource | undefined)[]): Promise<readonly (string | undefined)[]> {
  return Promise.all(sources.map((source) => source && sha256Hex(source)))
}
