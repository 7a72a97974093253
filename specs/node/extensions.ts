// The extensions that a node runs, against those of its variant.
import type { RunningExtension } from '#harness/talos/node/observed.ts'
import { isVirtual, unasked, type NodeContext, type NodeFinding, type NodeJudge } from '../support/node/rule.ts'

/** `9.3.2-v1.13.9`: an extension with kernel modules is built for one release of Talos. */
const BUILT_FOR = /-(v\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?)$/

/** Judges the set; an extension twice is a layer that hides another. */
export const judgeSet: NodeJudge = (node, { variantName, variant, contract }) => {
  const { extensions } = node
  if (extensions === undefined) return [unasked(node, 'which extensions run', 'extensions')]
  const own = extensions.filter(({ name }) => !isVirtual(name, contract))
  const names = own.map(({ name }) => name)
  const expected = variant.extensions.join(', ')
  const got = names.join(', ') || 'none'
  return [
    ...variant.extensions
      .filter((name) => !names.includes(name))
      .map((name) => ({
        at: extensions[0]?.at ?? node.start,
        message: `extension ${name} is missing on ${node.address}, which is to run ${variantName}`,
        expected,
        got,
      })),
    ...own
      .filter(({ name }) => !variant.extensions.includes(name))
      .map(({ name, version, at }) => ({
        at,
        message: `extension ${name} ${version} runs on ${node.address} and is none of ${variantName}`,
        expected,
        got,
      })),
    ...own
      .filter(({ name }, at) => names.indexOf(name) < at)
      .map(({ name, at }) => ({ at, message: `extension ${name} is there twice on ${node.address}`, expected, got })),
  ]
}

/** Judges extensions whose version names a release of Talos. */
export const judgeBuild: NodeJudge = (node) => {
  const { extensions, talos } = node
  if (extensions === undefined) return [unasked(node, 'which extensions run', 'extensions')]
  if (talos === undefined) return [unasked(node, 'which Talos runs', 'versions')]
  return extensions.flatMap(({ name, version, at }) => {
    const built = BUILT_FOR.exec(version)?.[1]
    if (built === undefined || built === talos.value) return []
    const message = `extension ${name} on ${node.address} was built for another Talos than the one that runs`
    return [{ at, message, expected: talos.value, got: version }]
  })
}

/** Judges versions by the lock, else by the verdict on the image; notes them where there is neither. */
export const judgeVersions: NodeJudge = (node, context) => {
  const { extensions } = node
  if (extensions === undefined) return [unasked(node, 'which extensions run', 'extensions')]
  const { lock, judged } = context
  const own = extensions.filter(({ name }) => context.variant.extensions.includes(name))
  const isPinned = lock?.extensions !== undefined || judged?.extensions !== undefined
  const red = `the verdict on the image that ${node.address} is to run is not green`
  return [
    ...(judged === undefined || judged.isGreen ? [] : [{ at: node.start, message: red, got: judged.path }]),
    ...(isPinned ? [] : [unpinned(extensions[0]?.at ?? node.start, own)]),
    ...own.flatMap(({ name, version, at }) =>
      expectedVersions(name, context)
        .filter((one) => one.version !== version)
        .map(({ version: expected, by }) => ({
          at,
          message: `extension ${name} on ${node.address} is of another version than ${by} says`,
          expected,
          got: version,
        })),
    ),
  ]
}

function expectedVersions(
  name: string,
  { lock, judged }: NodeContext,
): readonly { readonly version: string; readonly by: string }[] {
  const pinned = lock?.extensions?.find((one) => one.name === name)?.version
  const seen = judged?.extensions?.find((one) => one.name === name)?.version
  return [
    ...(pinned === undefined ? [] : [{ version: pinned, by: 'the lock' }]),
    ...(seen === undefined || pinned !== undefined ? [] : [{ version: seen, by: 'the verdict' }]),
  ]
}

function unpinned(at: NodeFinding['at'], extensions: readonly RunningExtension[]): NodeFinding {
  const versions = extensions.map(({ name, version }) => `${name} ${version}`).join(', ')
  return {
    at,
    message: `versions are not pinned: ${versions || 'none'}; a --lock says which are right, or the --verdict on its image`,
    kind: 'note',
  }
}

/** Judges the schematic, where Image Factory made the image. */
export const judgeSchematic: NodeJudge = (node) => {
  const { schematic } = node
  const extension = node.extensions?.find(({ name }) => name === 'schematic')
  if (schematic === undefined || node.extensions === undefined || schematic.value === extension?.version) return []
  return [
    {
      at: extension?.at ?? schematic.at,
      message: `the schematic of ${node.address} is another than its extension says`,
      expected: schematic.value,
      got: extension?.version ?? 'no extension schematic',
    },
  ]
}
