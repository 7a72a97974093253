// Every candidate of the selftest, on disk: what is sound, and the counterexamples that are asked for.
import { CONFIG_COUNTEREXAMPLES } from '#fixtures/counterexamples/config/config.ts'
import { COUNTEREXAMPLES } from '#fixtures/counterexamples/index.ts'
import { REGISTRY_COUNTEREXAMPLES } from '#fixtures/counterexamples/supply-chain/registry.ts'
import { RELEASE_COUNTEREXAMPLES } from '#fixtures/counterexamples/release/release.ts'
import { mapInParallel } from '#harness/oci/parallel.ts'
import type { RunInput } from '#specs/support/run.ts'
import { CONFIG_SOUND, prepareConfig } from './prepare-config.ts'
import { prepareRegistry, REGISTRY_CONTROLS } from './prepare-registry.ts'
import { prepareRelease, RELEASE_CONTROLS } from './prepare-release.ts'
import { CONTROLS, prepareControl, prepareCounterexample, type Prepared } from './prepare.ts'

export type Example = { readonly name: string; readonly violates: readonly string[] }

export type PreparedAll = {
  readonly prepared: readonly Prepared[]
  /** What every run over them needs. */
  readonly common: Pick<RunInput, 'spoolFolder' | 'registry' | 'trustedRoot'>
  readonly controls: number
  readonly counterexamples: number
}

/** Writes all candidates below `folder`. */
export async function prepareAll(folder: string, isChosen: (example: Example) => boolean): Promise<PreparedAll> {
  const [images, releases] = [COUNTEREXAMPLES.filter(isChosen), RELEASE_COUNTEREXAMPLES.filter(isChosen)]
  const [configs, published] = [CONFIG_COUNTEREXAMPLES.filter(isChosen), REGISTRY_COUNTEREXAMPLES.filter(isChosen)]
  const registry = await prepareRegistry([...REGISTRY_CONTROLS, ...published], folder)
  const prepared: readonly Prepared[] = [
    ...registry.prepared,
    ...(await mapInParallel(CONTROLS, (control) => prepareControl(control, folder))),
    ...(await mapInParallel(images, (example) => prepareCounterexample(example, folder))),
    ...(await mapInParallel([...RELEASE_CONTROLS, ...releases], (example) => prepareRelease(example, folder))),
    ...(await mapInParallel([...CONFIG_SOUND, ...configs], prepareConfig)),
  ]
  const { failures, trustedRoot } = registry
  return {
    prepared,
    common: { spoolFolder: folder, registry: { failures }, trustedRoot },
    controls: CONTROLS.length + RELEASE_CONTROLS.length + CONFIG_SOUND.length + REGISTRY_CONTROLS.length,
    counterexamples: images.length + releases.length + configs.length + published.length,
  }
}
