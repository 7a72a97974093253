// Services of a node: those of its extensions run, and none waits or fails.
import type { ObservedNode } from '#harness/talos/node/observed.ts'
import { unasked, type NodeContext, type NodeFinding, type NodeJudge } from '../support/node/rule.ts'

/** States of a service that does its work, has done it, or has none here. */
const AT_EASE = new Set(['Running', 'Finished', 'Skipped'])

/** siderolabs/extensions storage/zfs/zfs-service.yaml, network/tailscale/tailscale.yaml; others where a verdict lists them. */
const SERVICES_OF: Readonly<Record<string, readonly string[]>> = { zfs: ['zfs-service'], tailscale: ['tailscale'] }

const CONSEQUENCE = 'the node stays in stage booting, and reboots after 70 minutes'

export const judgeServices: NodeJudge = (node, context) => {
  const { services } = node
  if (services === undefined) return [unasked(node, 'which services run', 'services')]
  const restless = services.flatMap((service): readonly NodeFinding[] => {
    const { name, state, event, running, healthy, at } = service
    if (state !== undefined && !AT_EASE.has(state)) {
      const waits = state === 'Waiting' ? `${settingsOf(name, node)}: ${CONSEQUENCE}` : ''
      return [
        {
          at,
          message: `service ${name} of ${node.address} is ${state}${waits}`,
          expected: 'Running',
          got: event === undefined || event === '' ? state : `${state}: ${event}`,
        },
      ]
    }
    if (state === undefined && !running)
      return [
        { at, message: `service ${name} of ${node.address} does not run`, expected: 'Running', got: 'not running' },
      ]
    if (healthy !== false) return []
    return [{ at, message: `service ${name} of ${node.address} is not healthy`, expected: 'OK', got: event ?? 'Fail' }]
  })
  const names = services.map(({ name }) => name)
  const absent = expectedServices(node, context).filter((name) => !names.includes(name))
  return [
    ...restless,
    ...absent.map((name) => ({
      at: services[0]?.at ?? node.start,
      message: `service ${name} does not run on ${node.address}${settingsOf(name, node)}`,
      expected: 'Running',
      got: node.hasServiceTable
        ? 'no such service'
        : 'none that runs; a service that waits is in `talosctl services` alone',
    })),
  ]
}

/** Where a service may wait for its configuration: whether that is there. */
function settingsOf(service: string, { serviceSettings }: ObservedNode): string {
  const name = service.replace(/^ext-/, '')
  if (serviceSettings === undefined || name === service || serviceSettings.some((one) => one.name === name)) return ''
  return ` (there is no ExtensionServiceConfig of the name ${name})`
}

/** Services of extensions that are there: of one that is missing they are missing with it. */
function expectedServices({ extensions }: ObservedNode, { variant, judged }: NodeContext): readonly string[] {
  return variant.extensions
    .filter((name) => extensions === undefined || extensions.some((one) => one.name === name))
    .flatMap((name) => judged?.extensions?.find((one) => one.name === name)?.services ?? SERVICES_OF[name] ?? [])
    .map((name) => (name.startsWith('ext-') ? name : `ext-${name}`))
}

/** Judges the stage: a node that is ready may still boot. */
export const judgeStage: NodeJudge = (node) => {
  const { stage, isReady, unmet } = node
  if (stage === undefined) return [unasked(node, 'in which stage it is', 'machinestatuses')]
  const { value, at } = stage
  return [
    ...(value === 'running'
      ? []
      : [
          {
            at,
            message:
              `${node.address} is in stage ${value}` +
              (value === 'booting' ? `: a service waits, which \`talosctl services\` shows; ${CONSEQUENCE}` : ''),
            expected: 'running',
            got: value,
          },
        ]),
    ...(isReady === false || unmet.length > 0
      ? [{ at, message: `${node.address} is not ready`, expected: 'ready', got: unmet.join('; ') || 'ready: false' }]
      : []),
  ]
}
