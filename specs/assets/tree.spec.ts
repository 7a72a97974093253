// The asset tree: what it holds, and that its checksums hold.
import { sha256Hex } from '#harness/bytes/digest.ts'
import { readAll } from '#harness/bytes/source.ts'
import { parseSha256Sums } from '#harness/formats/text/sha256sum.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import type { FileTree } from '#harness/fs/file-tree.ts'
import { CHECKSUMS, COMMAND_LINE, REQUIRED_FILES } from '../contract/asset-tree.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

const MAX_TEXT_BYTES = 1 << 20

function filesOf(tree: FileTree): readonly string[] {
  return [...tree.entries()].filter(({ type }) => type !== 'directory').map(({ path }) => path)
}

async function readChecksums(tree: FileTree) {
  const source = await fileIn(tree, CHECKSUMS)
  return parseSha256Sums(new TextDecoder().decode(await readAll(source, MAX_TEXT_BYTES)), source.where)
}

test(
  ...must(
    'AST-001',
    'the tree is exactly `boot/vmlinuz`, `boot/initramfs.xz`, `checksums.sha256`, `validation/build-report.txt` and the optional files that the contract declares',
    {
      targets: ['assets'],
      needs: ['OCI-004'],
      fix: 'let npx talos-image build write the tree; declare further files in the contract (extraAssets)',
    },
  ),
  async ({ files, extraPaths, contract, judge }) => {
    judge([...filesOf(files), ...extraPaths].toSorted(), files.where).toEqual(
      [...REQUIRED_FILES, ...contract.extraAssets].toSorted(),
    )
  },
)

test(
  ...must(
    'AST-002',
    '`checksums.sha256` covers every file but itself, in `sha256sum -c` form with `./` paths, sorted',
    {
      targets: ['assets'],
      needs: ['AST-001'],
      fix: 'write it last: find . -type f ! -name checksums.sha256 | sort | xargs sha256sum > checksums.sha256',
    },
  ),
  async ({ files, judge }) => {
    const covered = filesOf(files).filter((path) => path !== CHECKSUMS)
    judge(
      (await readChecksums(files)).map(({ path }) => path),
      files.where,
    ).toEqual(covered.map((path) => `./${path}`).toSorted())
  },
)

test(
  ...must('AST-003', 'every checksum holds', {
    targets: ['assets'],
    needs: ['AST-002'],
    fix: 'the files are not those that were built: fetch the tree again, or build it again',
  }),
  async ({ files, judge }) => {
    const claimed = await readChecksums(files)
    const computed = await Promise.all(claimed.map(async ({ path }) => sha256Hex(await fileIn(files, path))))
    judge(
      claimed.map(({ path }, at) => `${computed[at]} ${path}`),
      files.where,
    ).toEqual(claimed.map(({ path, sha256 }) => `${sha256} ${path}`))
  },
)

test(
  ...must('AST-007', 'no asset is empty', {
    targets: ['assets'],
    needs: ['AST-001'],
    fix: 'look at the build’s output: a step wrote nothing and did not fail',
  }),
  async ({ files, judge }) => {
    judge(
      [...files.entries()].filter(({ type, size }) => type === 'file' && size === 0).map(({ path }) => path),
      files.where,
    ).toEqual([])
  },
)

test(
  ...must('AST-008', 'files are 0644 and directories 0755, owned by root', {
    targets: ['assets'],
    needs: ['AST-001'],
    fix: 'set the modes when the tree is packed: crane export keeps them',
  }),
  async ({ files, isImage, judge }) => {
    // A tree on disk is owned by its user; in an image the owner is part of what is published.
    const wrong = [...files.under('')].filter(
      ({ type, mode, uid, gid }) =>
        mode !== (type === 'directory' ? 0o755 : 0o644) || (isImage && (uid !== 0 || gid !== 0)),
    )
    judge(
      wrong.map(({ path, mode, uid, gid }) => `${path}: ${mode.toString(8)} of ${uid}:${gid}`),
      files.where,
    ).toEqual([])
  },
)

test(
  ...must('AST-009', '`boot/cmdline`, where declared, is the UKI’s first command line', {
    targets: ['assets'],
    needs: ['AST-001'],
    fix: 'write it from the UKI of the same build',
  }),
  async ({ files, installer, commandLine, contract, judge }) => {
    const declared = contract.extraAssets.includes(COMMAND_LINE)
    const expected = declared ? await (await installer()).commandLine() : commandLine
    judge(commandLine, files.where).toBe(expected)
  },
)
