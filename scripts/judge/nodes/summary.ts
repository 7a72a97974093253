// What a running node says of itself, in the few words that a verdict keeps.
import type { ObservedNode } from '#harness/talos/node/observed.ts'
import type { NodeSummary } from '../verdict/conformance.ts'

/** States of a service that does its work, has done it, or has none. */
const AT_EASE: readonly (string | undefined)[] = ['Running', 'Finished', 'Skipped', undefined]

export function summarizeNode({
  address,
  hostname,
  talos,
  stage,
  bootedEntries,
  extensions,
  services = [],
}: ObservedNode): NodeSummary {
  const [entry] = bootedEntries ?? []
  return {
    address,
    ...(hostname !== undefined && { hostname }),
    ...(talos !== undefined && { talos: talos.value }),
    ...(stage !== undefined && { stage: stage.value }),
    ...(entry !== undefined && { bootedEntry: entry.value }),
    ...(extensions !== undefined && { extensions: extensions.map(({ name, version }) => ({ name, version })) }),
    restless: services.filter(({ state }) => !AT_EASE.includes(state)).map(({ name, state }) => `${name} ${state}`),
  }
}
