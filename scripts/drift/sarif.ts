// Drift as SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/): a result for each change, at the lock.
import packageJson from '../../package.json' with { type: 'json' }
import type { Change, Effect } from './changes/change.ts'
import type { Drift } from './report.ts'

const LEVELS: Readonly<Record<Effect, 'error' | 'warning' | 'note'>> = {
  breaks: 'error',
  decide: 'warning',
  note: 'note',
}

export function renderSarif({ from, locked, targets }: Drift, lock: string): string {
  const all = [
    ...locked.map((change) => ({ change, talos: from })),
    ...targets.flatMap(({ talos, changes }) => changes.map((change) => ({ change, talos }))),
  ]
  const ids = [...new Set(all.map(({ change: { id } }) => id))]
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: `${packageJson.name} drift`,
            semanticVersion: packageJson.version,
            rules: ids.map((id) => ({ id })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: all.map(({ change, talos }) => toResult(change, talos, ids.indexOf(change.id), lock)),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2).toWellFormed()}\n`
}

function toResult(change: Change, talos: string, ruleIndex: number, lock: string): object {
  const { id, effect, area, sentence, action, rules } = change
  return {
    ruleId: id,
    ruleIndex,
    level: LEVELS[effect],
    message: { text: `Talos ${talos}: ${sentence}${action === '' ? '' : `\n${action}`}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: lock.split('/').map(encodeURIComponent).join('/') },
          region: { startLine: 1 },
        },
      },
    ],
    partialFingerprints: { 'changeAndRelease/v1': `${talos} ${id}` },
    properties: { area, effect, rules },
  }
}
