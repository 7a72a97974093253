// The asset tree and the installer are two forms of one build.
import { sha256Hex } from '#harness/bytes/digest.ts'
import { COMMAND_LINE, mediumFormOf, UKI_ASSET } from '../contract/asset-tree.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

test(
  ...must('AST-005', '`boot/vmlinuz` is the UKI’s `.linux`', {
    targets: ['assets', 'installer'],
    scope: 'parts',
    needs: ['OCI-004', 'AST-001'],
    fix: 'write both from one build',
  }),
  async ({ kernel, installer, judge }) => {
    const uki = (await (await installer()).kernel()).source
    judge({ size: kernel.source.size, sha256: await sha256Hex(kernel.source) }, kernel.source.where).toEqual({
      size: uki.size,
      sha256: await sha256Hex(uki),
    })
  },
)

test(
  ...must('AST-006', '`boot/initramfs.xz` holds what the UKI’s `.initrd` holds', {
    targets: ['assets', 'installer'],
    scope: 'parts',
    needs: ['OCI-004', 'AST-001'],
    fix: 'write both from one build',
  }),
  async ({ initramfs, installer, judge }) => {
    const uki = await (await installer()).initramfs()
    judge(await describeFiles(initramfs), initramfs.where).toEqual(await describeFiles(uki))
  },
)

test(
  ...must('AST-010', '`boot/metal-arm64-uki.efi`, where declared, is the installer’s UKI, byte for byte', {
    targets: ['assets', 'installer'],
    scope: 'parts',
    needs: ['OCI-004', 'AST-001', 'AST-003'],
    fix: 'write both from one build; judge a UKI of another one by itself, as uki:FILE',
  }),
  async ({ files, installer, contract, note, judge }) => {
    const declared = contract.extraAssets.includes(UKI_ASSET)
    const expected = declared ? await sha256Hex((await (await installer()).uki()).source) : undefined
    const data = files.get(UKI_ASSET)?.data
    for (const path of contract.extraAssets)
      if (path !== UKI_ASSET && path !== COMMAND_LINE && mediumFormOf(path) === undefined)
        note(
          `${path} is declared, and held by its checksum alone: it is no medium that is opened (.iso, .raw)`,
          files.where,
        )
    judge(data && (await sha256Hex(data)), files.where).toBe(expected)
  },
)

/** Every file of every segment with its content; times aside, in which two runs of imager differ. */
async function describeFiles({ tree }: { tree(): Promise<import('#harness/fs/file-tree.ts').FileTree> }) {
  const entries = [...(await tree()).entries()]
  return Promise.all(
    entries.map(async ({ path, type, mode, uid, gid, target, data }) =>
      [
        path,
        type,
        mode.toString(8),
        `${uid}:${gid}`,
        target ?? '',
        data === undefined ? '' : await sha256Hex(data),
      ].join(' '),
    ),
  )
}
