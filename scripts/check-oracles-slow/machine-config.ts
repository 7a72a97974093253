// Machine configurations at random, judged by upstream's pkg/machinery of each minor and by the rules about validity.
import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { Generator, type Json } from '#fixtures/oracles/machine-config/generate.ts'
import { sweep } from '#fixtures/oracles/machine-config/sweep.ts'
import { askJudge, buildJudge, type Answer } from '#fixtures/oracles/machine-config/judge.ts'
import { seededRandom } from '#fixtures/random.ts'
import { HarnessError } from '#harness/errors.ts'
import { readFiles } from '#harness/machine-config/reading/read.ts'
import { MINORS, type Minor } from '#harness/machine-config/schema/schema.ts'
import { parseGoYaml } from '#harness/machine-config/yaml/parse.ts'
import { validate } from '#specs/config/validity/validate.ts'
import type { Tools } from './fetch.ts'
import type { Check } from './tool.ts'

const SEED = 2026
const WHOLE = 4000
const PATCHED = 1000
/** Values that are tried in each field. */
const PER_FIELD = 3

/** Intended differences between the two, by the message that only one of them gives, and the reason. */
const KNOWN: readonly (readonly [says: RegExp, reason: string])[] = [
  [
    /(?:replaces|removes) what is not there/,
    'Talos writes some empty fields before a JSON patch, so that they can be replaced',
  ],
  [/Protocol\(0\)/, 'Talos writes a protocol that is not set as a word that it cannot read'],
]

export function machineConfigChecks({ folder }: Tools): readonly Check[] {
  return MINORS.map((minor) => ({ name: `Talos ${minor}, machine configurations`, run: () => compare(folder, minor) }))
}

async function compare(folder: string, minor: Minor): Promise<string> {
  const random = seededRandom(SEED)
  const generator = new Generator(minor, random)
  const bases = await readBases(minor)
  const base = (): Json => random.pick(bases)
  const questions = [
    ...Array.from({ length: WHOLE }, () => [generator.stream(base())]),
    ...Array.from({ length: PATCHED }, () => {
      const whole = base()
      return [JSON.stringify(whole), generator.patch(whole)]
    }),
    ...sweep(minor, random, bases, PER_FIELD).map((text) => [text]),
  ]
  const answers = await askJudge(await buildJudge(folder, minor), questions)
  const different = questions.flatMap((files, at) => differenceOf(minor, files, answers[at]))
  const known = different.filter((text) => KNOWN.some(([says]) => says.test(text)))
  const others = different.filter((text) => !known.includes(text))
  if (others.length > 0)
    throw new Error(`${others.length} of ${questions.length} differ:\n${others.slice(0, 5).join('\n')}`)
  const accepted = answers.filter((answer) => answer.accepted).length
  return `${questions.length} agree (${accepted} accepted) but for ${known.length} that are known, seed ${SEED}`
}

function differenceOf(minor: Minor, files: readonly string[], answer: Answer | undefined): readonly string[] {
  const said = judge(minor, files)
  if (answer === undefined || answer.accepted === (said === undefined)) return []
  const theirs = answer.accepted ? 'accepted' : `${answer.stage}: ${answer.error}`
  return [`Talos: ${theirs}\nhere: ${said ?? 'accepted'}\n${files.join('\n--- patch\n').slice(0, 2000)}`]
}

/** The first complaint about the files; undefined where there is none. */
function judge(minor: Minor, files: readonly string[]): string | undefined {
  try {
    const parsed = files.map((text, at) => ({ path: `${at}`, roots: parseGoYaml(Buffer.from(text), `${at}`) }))
    const reading = readFiles(minor, parsed)
    const [first] =
      reading.problems.length > 0 ? reading.problems : validate(reading).filter(({ isNote }) => isNote !== true)
    return first === undefined ? undefined : `${first.key} ${first.message}`
  } catch (error) {
    if (error instanceof HarnessError) return error.message
    throw error
  }
}

/** Configurations that every minor takes, and the least that it takes of both roles. */
async function readBases(minor: Minor): Promise<readonly Json[]> {
  const golden = new URL('../../fixtures/golden/machine-config/', import.meta.url)
  const names = ['worker-spin-only-1.11.yaml', 'controlplane-1.11.yaml']
  const whole = await Promise.all(
    names.map(async (name) => parse(await readFile(new URL(name, golden), 'utf8')) as Json),
  )
  const cluster = { controlPlane: { endpoint: 'https://192.0.2.1:6443' } }
  const install = { disk: '/dev/vda' }
  const least = {
    machine: { type: 'controlplane', ca: { crt: 'YQ==', key: 'YQ==' }, ...(minor < '1.14' && { install }) },
  }
  return [
    ...whole,
    { machine: { type: 'worker', ca: { crt: 'YQ==' }, install }, cluster },
    { ...least, cluster: minor < '1.14' ? cluster : {} },
  ]
}
