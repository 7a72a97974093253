// Kernel modules on a node: loaded, and asked for with their parameters.
import type { ObservedNode } from '#harness/talos/node/observed.ts'
import { unasked, type NodeJudge } from '../support/node/rule.ts'

/** To the kernel `-` and `_` are the same. */
const normal = (name: string): string => name.replaceAll('-', '_')

/** The states of a module that can be used: `live` of /proc/modules, `builtin` of 1.14. */
const USABLE = new Set(['', 'live', 'builtin', 'built-in'])

const DRBD = 'drbd'
const HELPER = 'usermode_helper='

/** Judges the modules that the contract promises, and those that the node itself was told to load. */
export const judgeLoaded: NodeJudge = (node, { variant }) => {
  const { loadedModules, extensions, wantedModules } = node
  if (loadedModules === undefined) return [unasked(node, 'which modules are loaded', 'loadedkernelmodules')]
  const names = new Set([...variant.kernelModules, ...(wantedModules ?? []).map(({ name }) => name)].map(normal))
  const running = extensions?.map(({ name }) => normal(name))
  // The modules of an extension that is missing are missing with it.
  const isPartial = running !== undefined && variant.extensions.some((name) => !running.includes(normal(name)))
  return [...names].flatMap((name) => {
    const found = loadedModules.find((module) => normal(module.name) === name && USABLE.has(module.state))
    if (found !== undefined || (isPartial && running?.includes(name) !== true)) return []
    const broken = loadedModules.find((module) => normal(module.name) === name)
    return [
      {
        at: broken?.at ?? wantedModules?.find((one) => normal(one.name) === name)?.at ?? placeOf(node),
        message: `module ${name} is not loaded on ${node.address}`,
        expected: `module ${name}, live`,
        got: broken?.state ?? 'none',
      },
    ]
  })
}

function placeOf({ loadedModules = [], start }: ObservedNode): ObservedNode['start'] {
  return loadedModules[0]?.at ?? start
}

/** Judges what the node was told by what its configuration says, and the parameter that drbd must have. */
export const judgeWanted: NodeJudge = (node, { variant, config }) => {
  const { wantedModules } = node
  if (wantedModules === undefined) return []
  const told = (name: string): (typeof wantedModules)[number] | undefined =>
    wantedModules.findLast((one) => normal(one.name) === normal(name))
  const configured = new Map((config?.modules ?? []).map((module) => [normal(module.name), module]))
  const findings = [...configured.values()].flatMap((module) => {
    const found = told(module.name)
    const expected = [module.name, ...module.parameters.map(({ value }) => value)].join(' ')
    const got = found === undefined ? 'none' : [found.name, ...found.parameters].join(' ')
    return got === expected
      ? []
      : [
          {
            at: found?.at ?? node.start,
            message: `${node.address} was not told to load module ${module.name} as its configuration says`,
            expected,
            got,
          },
        ]
  })
  const drbd = told(DRBD)
  if (config !== undefined || drbd === undefined || !variant.extensions.includes(DRBD)) return findings
  const helper = drbd.parameters.findLast((parameter) => parameter.startsWith(HELPER))
  return helper === `${HELPER}disabled`
    ? findings
    : [
        ...findings,
        {
          at: drbd.at,
          message: `module drbd of ${node.address} has another usermode helper`,
          expected: `${HELPER}disabled`,
          got: drbd.parameters.join(' ') || 'no parameter',
        },
      ]
}
