// Every candidate of the selftest, on disk: what is valid, and the counterexamples that are asked for.
import {
  BOOTS,
  CONFIGS,
  IMAGES,
  MEDIA,
  NODES,
  PROJECTS,
  UNBROKEN_BOOTS,
  UNBROKEN_NODES,
  PUBLICATIONS,
  RELEASES,
  RIGHT_PROJECTS,
} from '#fixtures/counterexamples/index.ts'
import { mapInParallel } from '#harness/oci/parallel.ts'
import type { RunInput } from '#specs/support/run.ts'
import { prepareBoot } from './prepare-boot.ts'
import { CONFIG_BASELINES, prepareConfig } from './prepare-config.ts'
import { prepareMedium } from './prepare-medium.ts'
import { prepareNode } from './prepare-node.ts'
import { prepareProject } from './prepare-project.ts'
import { prepareRegistry, REGISTRY_CONTROLS } from './prepare-registry.ts'
import { prepareRelease, RELEASE_CONTROLS } from './prepare-release.ts'
import { CONTROLS, prepareControl, prepareCounterexample, type Prepared } from './prepare.ts'

export type Example = { readonly name: string; readonly violates: readonly string[] }

export type PreparedAll = {
  readonly prepared: readonly Prepared[]
  /** The input that every run over them needs. */
  readonly common: Pick<RunInput, 'cacheFolder' | 'registry' | 'trustedRoot'>
  readonly controls: number
  readonly counterexamples: number
}

/** Writes all candidates below `folder`. */
export async function prepareAll(folder: string, isChosen: (example: Example) => boolean): Promise<PreparedAll> {
  const [images, releases] = [IMAGES.filter(isChosen), RELEASES.filter(isChosen)]
  const [configs, published] = [CONFIGS.filter(isChosen), PUBLICATIONS.filter(isChosen)]
  const projects = PROJECTS.filter(isChosen)
  const media = MEDIA.filter(isChosen)
  const nodes = NODES.filter(isChosen)
  const boots = BOOTS.filter(isChosen)
  const registry = await prepareRegistry([...REGISTRY_CONTROLS, ...published], folder)
  const prepared: readonly Prepared[] = [
    ...registry.prepared,
    ...(await mapInParallel(CONTROLS, (control) => prepareControl(control, folder))),
    ...(await mapInParallel(images, (example) => prepareCounterexample(example, folder))),
    ...(await mapInParallel([...RELEASE_CONTROLS, ...releases], (example) => prepareRelease(example, folder))),
    ...(await mapInParallel(media, (example) => prepareMedium(example, folder))),
    ...(await mapInParallel([...CONFIG_BASELINES, ...configs], prepareConfig)),
    ...(await mapInParallel([...RIGHT_PROJECTS, ...projects], prepareProject)),
    ...(await mapInParallel([...UNBROKEN_NODES, ...nodes], prepareNode)),
    ...(await mapInParallel([...UNBROKEN_BOOTS, ...boots], prepareBoot)),
  ]
  const { failures, answers, trustedRoot } = registry
  return {
    prepared,
    common: { cacheFolder: folder, registry: { failures, answers }, trustedRoot },
    controls:
      CONTROLS.length +
      RELEASE_CONTROLS.length +
      CONFIG_BASELINES.length +
      RIGHT_PROJECTS.length +
      UNBROKEN_NODES.length +
      UNBROKEN_BOOTS.length +
      REGISTRY_CONTROLS.length,
    counterexamples:
      images.length +
      releases.length +
      media.length +
      configs.length +
      projects.length +
      nodes.length +
      boots.length +
      published.length,
  }
}
