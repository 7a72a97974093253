// Advisories that apply to a part of a candidate: one finding for each entry that applies.
import { architectureOf } from '../contract/architecture.ts'
import type { Location } from '#harness/errors.ts'
import { parseCmdline } from '#harness/formats/uki/cmdline.ts'
import { MODULES_DEP } from '#harness/talos/extensions.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import { shippedAdvisories, type Advisory } from '../contract/advisories.ts'
import { applyingAdvisories } from '../contract/applying-advisories.ts'
import { readableClaimOf } from './claimed-talos.ts'
import type { CandidateInput } from './run.ts'

export type AdvisoryFinding = {
  readonly at: Location
  /** Id of the entry: what a waiver may name. */
  readonly entry: string
  readonly message: string
  readonly expected?: string
  readonly got: string
}

export async function findAdvised(
  { lock, contract, advisories }: Pick<CandidateInput, 'lock' | 'contract' | 'advisories'>,
  talos: TalosPart,
  level: Advisory['level'],
): Promise<readonly AdvisoryFinding[]> {
  const extensions = await talos.extensions()
  const layers = (await extensions.layers()).filter(({ metadata }) => metadata.name !== MODULES_DEP)
  const tag = lock?.talos ?? (await readableClaimOf(talos))
  const all = advisories ?? (await shippedAdvisories())
  const found = await applyingAdvisories(
    all.filter((one) => one.level === level),
    {
      talos: tag,
      architecture: architectureOf(contract),
      secureBoot: contract.secureBoot,
      extensions: layers.map(({ metadata: { name, version } }) => ({ name, version })),
      async has(path) {
        for (const { image } of layers) if ((await (await image?.squashfs())?.tree())?.has(path) === true) return true
        return false
      },
      option: async (name) => (await (await talos.kernel()).config())?.get(`CONFIG_${name}`) ?? 'n',
      async argumentNames() {
        const line = await talos.commandLine()
        return line === undefined ? undefined : parseCmdline(line).map((one) => one.split('=')[0] ?? one)
      },
    },
  )
  return found.map(({ id, title, source, effect, until, extension }) => {
    const version = layers.find(({ metadata }) => metadata.name === extension?.name)?.metadata.version
    const what = [
      `Talos ${tag ?? 'of no known version'}`,
      ...(version === undefined ? [] : [`${extension?.name} ${version}`]),
    ]
    return {
      at: extensions.where,
      entry: id,
      message: `${id}: ${title}: ${effect} (${source})`,
      ...(until !== undefined && { expected: `Talos ${until} or newer` }),
      got: what.join(', '),
    }
  })
}
