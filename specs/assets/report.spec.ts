// validation/build-report.txt against the tree, the lock and the contract.
import { sha256Hex } from '#harness/bytes/digest.ts'
import { readAll } from '#harness/bytes/source.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import { buildTarget, isInventoried, REPORT, REPORT_TITLE } from '../contract/asset-tree.ts'
import { parseBuildReport } from '../contract/build-report.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

const MAX_REPORT_BYTES = 1 << 20

test(
  ...must('AST-004', '`build-report.txt` fills every field, and each agrees with the tree, the lock and the contract', {
    targets: ['assets'],
    needs: ['AST-001'],
    fix: 'let npx talos-image build write the report after everything else',
  }),
  async ({ files, variantName, lock, judge }) => {
    const source = await fileIn(files, REPORT)
    const report = parseBuildReport(new TextDecoder().decode(await readAll(source, MAX_REPORT_BYTES)), source.where)
    const assets = [...files.entries()].filter(({ type, path }) => type === 'file' && isInventoried(path))
    const inventory = await Promise.all(
      assets
        .toSorted((a, b) => (a.path < b.path ? -1 : 1))
        .map(async ({ path, mode, size }) => ({
          mode: mode.toString(8).padStart(4, '0'),
          size,
          sha256: await sha256Hex(await fileIn(files, path)),
          path,
        })),
    )
    const { fields } = report
    judge(report.title, source.where).toBe(REPORT_TITLE)
    judge(report.inventory, source.where).toEqual(inventory)
    judge(fields, source.where).toEqual({
      'Build Target': buildTarget(variantName),
      'Build Outputs': inventory.map(({ path }) => path).join(', '),
      'Total Assets': String(inventory.length),
      'Talos Version': lock?.talos ?? fields['Talos Version'],
      'CozyStack Commit': lock === undefined ? fields['CozyStack Commit'] : (lock.reference?.cozystackCommit ?? 'none'),
      'Build Date':
        lock?.sourceDate === undefined
          ? fields['Build Date']
          : new Date(lock.sourceDate * 1000).toISOString().replace('.000Z', 'Z'),
    })
  },
)
