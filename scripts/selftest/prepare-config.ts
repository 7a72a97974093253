// Candidates for the selftest that are a machine configuration and nothing else: no image is opened for them.
import {
  applyEdit,
  CONFIG_NAMES,
  readBaselineConfig,
  variantOfConfig,
  type ConfigCounterexample,
  type ConfigEdit,
  type ConfigUnknown,
} from '#fixtures/counterexamples/config/valid.ts'
import { RIGHT_CONFIGS, UNKNOWN_CONFIGS } from '#fixtures/counterexamples/index.ts'
import { machineConfigFacts } from '#harness/machine-config/facts.ts'
import { parseMachineConfig } from '#harness/machine-config/document.ts'
import { shippedContract, type Prepared } from './prepare.ts'

/** Each valid configuration, the right side of each boundary, and the inconclusive ones. */
export const CONFIG_BASELINES: readonly (ConfigEdit | ConfigUnknown)[] = [
  ...CONFIG_NAMES.map((of) => ({ name: `control ${of}`, of, because: 'so talosctl writes it' })),
  ...RIGHT_CONFIGS,
  ...UNKNOWN_CONFIGS,
]

/** Edits, reads, and says which rules must fail on which line. */
export async function prepareConfig(example: ConfigEdit | ConfigUnknown | ConfigCounterexample): Promise<Prepared> {
  const shipped = await shippedContract()
  const { files, contract } = applyEdit(example, await readBaselineConfig(example.of), shipped)
  const config = parseMachineConfig(Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text) })))
  const expected =
    'violates' in example
      ? {
          violates: example.violates,
          inconclusive: [],
          place: `${example.place ?? example.file ?? 'config'}:${example.line}`,
        }
      : { violates: [], inconclusive: 'inconclusive' in example ? example.inconclusive : [] }
  return {
    candidate: {
      key: `config ${example.name}`,
      variant: variantOfConfig(example.of),
      references: {},
      config: {
        facts: machineConfigFacts(config),
        files: [],
        ...(example.schematic !== undefined && { beside: { schematic: example.schematic } }),
      },
      parts: { config: { image: false } },
      targets: ['config'],
      pinned: false,
      contract,
    },
    expected,
  }
}
