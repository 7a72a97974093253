// A raw disk as imager partitions it: siderolabs/talos v1.12.11 cmd/installer/pkg/install, pkg/imager/out.go.
import { HarnessError } from '#harness/errors.ts'
import type { PartitionTable } from '#harness/formats/gpt/gpt.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

const MIB = 2 ** 20
const EFI_TYPE = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B'
const LINUX_TYPE = '0FC63DAF-8483-4772-8E79-3D69D8477DE4'
const PROTECTIVE = 0xee
const ENTRIES_BYTES = 128 * 128
/**
 * Tags of META that a first boot reads (siderolabs/talos pkg/machinery/meta/constants.go, v1.11 … main of August 2026): from
 * StateEncryptionConfig to UniqueMachineToken. Those before them are of upgrades, DiskImageBootloader behind is amd64's.
 */
const FIRST_TAG = 0x09
const LAST_TAG = 0x10
/** The sector behind the header. */
const FIRST_ENTRIES = 2
const layoutFrom = (offset: number) => [
  { name: 'EFI', type: EFI_TYPE, attributes: '0', offset, size: 2101 * MIB },
  { name: 'META', type: LINUX_TYPE, attributes: '0', offset: offset + 2101 * MIB, size: MIB },
]

test(
  ...must(
    'MED-002',
    'its partition table, the backup at the end of the disk and the protective MBR are whole and agree',
    {
      targets: ['media'],
      forms: ['raw'],
      fix: 'take the disk as imager wrote it, whole: a tool that resizes or truncates it must write both tables anew',
    },
  ),
  async ({ medium, judge }) => {
    const { gpt } = await medium.disk()
    const { primary, backup, mbr, sectors, where } = gpt
    judge({ header: primary.headerHolds, entries: primary.entriesHold }, primary.where).toEqual({
      header: true,
      entries: true,
    })
    judge(backup instanceof HarnessError ? backup.message : 'a backup', where).toBe('a backup')
    if (backup instanceof HarnessError) return
    judge({ header: backup.headerHolds, entries: backup.entriesHold }, backup.where).toEqual({
      header: true,
      entries: true,
    })
    judge(content(backup), backup.where).toEqual(content(primary))
    judge([primary.otherSector, backup.otherSector], where).toEqual([backup.ownSector, primary.ownSector])
    judge(mbr, where).toEqual({
      isWithoutCode: true,
      partitions: [
        { type: PROTECTIVE, firstSector: 1, sectors: Math.min(sectors - 1, 0xffff_ffff) },
        undefined,
        undefined,
        undefined,
      ],
    })
  },
)

function content({ disk, firstUsable, lastUsable, partitions }: PartitionTable) {
  return { disk, firstUsable, lastUsable, partitions }
}

test(
  ...must(
    'MED-003',
    'it has the partitions EFI and META alone, as the release lays them out: place, size, type, no attributes and, since 1.13, GUIDs, and zeros outside of them; the table’s entries are behind its header, with a board’s overlay further on where its boot loader is before them',
    {
      targets: ['media'],
      forms: ['raw'],
      needs: ['MED-002'],
      fix: 'let the imager of the pinned release write the disk (output.kind: image); the node makes the other partitions',
    },
  ),
  async ({ medium, quirks, contract, judge }) => {
    const { gpt, byteOutside } = await medium.disk()
    const { sectorSize, primary } = gpt
    const { partitions, entriesSector, firstUsable, lastUsable, disk, where } = primary
    // The program of an overlay may ask for room between header and entries (PartitionOptions.Offset, in sectors): what it
    // writes there is its own. Partitions begin at the next MiB behind the entries (go-blockdevice v2 partitioning/gpt).
    judge(entriesSector, where).toBe(
      contract.overlays === undefined ? FIRST_ENTRIES : Math.max(FIRST_ENTRIES, entriesSector),
    )
    const start = Math.ceil((entriesSector * sectorSize + ENTRIES_BYTES) / MIB) * MIB
    judge(firstUsable * sectorSize, where).toBe(start)
    const found = partitions.map(({ name, type, attributes, firstSector, lastSector }) => ({
      name,
      type,
      attributes: attributes.toString(16),
      offset: firstSector * sectorSize,
      size: (lastSector - firstSector + 1) * sectorSize,
    }))
    judge(found, where).toEqual(layoutFrom(start))
    const outside = partitions.filter((one) => one.firstSector < firstUsable || one.lastSector > lastUsable)
    judge(
      outside.map(({ name }) => name),
      where,
    ).toEqual([])
    const guids = { disk, efi: partitions[0]?.guid, meta: partitions[1]?.guid }
    judge(guids, where).toEqual(quirks.diskGuids ?? guids)
    const foreign = await byteOutside(contract.overlays === undefined ? 0 : start)
    judge(foreign === undefined ? 'zeros' : 'another byte', { ...gpt.where, offset: foreign ?? 0 }).toBe('zeros')
  },
)

test(
  ...must(
    'MED-008',
    'META is zeros, or two equal copies of values whose digests hold, each of a tag that a first boot reads: no staged upgrade, no tag that the release does not know',
    {
      targets: ['media'],
      forms: ['raw'],
      needs: ['MED-003'],
      fix: 'set values in the profile (customization.meta), of the tags 0x09 to 0x10, and let imager write them: Talos takes a broken META for an empty one, and a staged upgrade for an order',
    },
  ),
  async ({ medium, judge }) => {
    const { gpt, meta } = await medium.disk()
    const { copies, restIsZero } = await meta()
    const [first, second] = copies
    judge(
      copies.map((copy) => copy?.digestHolds ?? true),
      gpt.where,
    ).toEqual([true, true])
    judge([...(second?.values ?? [])], gpt.where).toEqual([...(first?.values ?? [])])
    const isPlain = copies.every((copy) => copy?.isPlain ?? true)
    judge({ isPlain, restIsZero }, gpt.where).toEqual({ isPlain: true, restIsZero: true })
    const others = [...(first?.values.keys() ?? [])].filter((tag) => tag < FIRST_TAG || tag > LAST_TAG)
    judge(
      others.map((tag) => `0x${tag.toString(16)}`),
      gpt.where,
    ).toEqual([])
  },
)
