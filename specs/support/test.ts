// `test` of the specs: registers a requirement for every candidate and part that it speaks about, and hands it the
// parts of the image as fixtures. Only the fixtures that a test destructures are read.
import { expect, inject, test as vitest, type Assertion, type TestAPI } from 'vitest'
import type { Location } from '#harness/errors.ts'
import { schematicId } from '#harness/talos/schematic/canonical.ts'
import { parseSchematic } from '#harness/talos/schematic/schematic.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import { quirksOf } from '#harness/talos/quirks.ts'
import type { Lock } from '../contract/lock.ts'
import type { Advisory } from '../contract/advisories.ts'
import { AbsentFactError } from './absent-fact.ts'
import { findAdvised, type AdvisoryFinding } from './advised.ts'
import { readAhead } from './ahead/listen.ts'
import { applicability } from './applicability.ts'
import { readableClaimOf } from './claimed-talos.ts'
import { findInBoot } from './boot/findings.ts'
import { findInConfig, findInProject } from './config-findings.ts'
import { findInCluster, findInNode } from './node/findings.ts'
import { readReference } from './pinned-reference.ts'
import type { Requirement } from './requirement.ts'
import type { JudgementMeta, RunInput } from './run.ts'
import { subjectOf, variantsOf } from './subject.ts'

// The worker loads this while the image is pulled.
readAhead()

/** A fact of the lock; AbsentFactError while it was not read. */
type Pinned = <Name extends keyof Lock>(name: Name) => NonNullable<Lock[Name]>

/** `expect` with the place that it looks at, which goes into the verdict when the expectation fails. */
type Judge = <T>(actual: T, at: Location) => Assertion<void, T>

/** `expect` of what the advisories say of the image. */
type Advised = (level: Advisory['level']) => Promise<Assertion<void, readonly AdvisoryFinding[]>>

/** Extensions in a verdict; genuine images have some ten. */
const MAX_LISTED = 1000

type Found<T> = { readonly broken: readonly T[]; readonly notes: NonNullable<JudgementMeta['notes']> }
type Findings = NonNullable<JudgementMeta['findings']>

/** A fixture that gives `expect` of what a rule's judge finds; each finding goes into the verdict by itself, and so do notes. */
function findingsOf<J, T extends Findings[number]>(find: (run: RunInput, key: string, judge: J) => Found<T>) {
  return async ({ meta }: { readonly meta: JudgementMeta }) =>
    (judge: J): Assertion<void, readonly T[]> => {
      const { broken, notes } = find(inject('run'), meta.candidate, judge)
      meta.findings = broken
      meta.notes = notes
      return expect(broken)
    }
}

const makeBase = () =>
  vitest
    .extend('meta', async ({ task }) => task.meta as unknown as JudgementMeta)
    .extend('subject', async ({ meta: { candidate, part } }) => {
      if (part === 'config' || part === 'node' || part === 'boot') throw new Error(`${part} is no part of the image`)
      return subjectOf(inject('run'), candidate, part)
    })
    .extend('judge', async ({ meta }): Promise<Judge> => (actual, at) => {
      meta.where = at
      return expect(actual)
    })
    /** Notes about the image, which break nothing. */
    .extend('note', async ({ meta }) => (message: string, at: Location): void => {
      meta.notes = [...(meta.notes ?? []), { at, message }]
    })
    .extend('findings', findingsOf(findInConfig))
    /** Findings of a rule in the machine configurations of a project; each goes into the verdict by itself. */
    .extend('across', findingsOf(findInProject))
    /** Findings on a running node; each goes into the verdict by itself. */
    .extend('observed', findingsOf(findInNode))
    /** Findings across the nodes of a cluster; each goes into the verdict by itself. */
    .extend('cluster', findingsOf(findInCluster))
    /** Findings in a boot; each goes into the verdict by itself. */
    .extend('booted', findingsOf(findInBoot))
    /** Entries of the advisories that apply; each goes into the verdict by itself. */
    .extend('advised', async ({ meta, subject }): Promise<Advised> => async (level) => {
      const found = await findAdvised(subject.candidate, subject.talos, level)
      meta.findings = found
      return expect(found)
    })
    .extend('contract', async ({ subject }) => subject.candidate.contract)
    .extend('variant', async ({ subject }) => {
      const { contract, variant } = subject.candidate
      const found = contract.variants[variant]
      if (found === undefined) throw new Error(`the contract has no variant ${variant}`)
      return found
    })
    .extend('pinned', async ({ subject }): Promise<Pinned> => (name) => {
      const fact = subject.candidate.lock?.[name]
      if (fact === undefined) throw new AbsentFactError(name)
      return fact
    })
    /** The Talos tag of the lock, or for want of one what the image claims. */
    .extend('talos', async ({ subject }) => subject.candidate.lock?.talos ?? (await readableClaimOf(subject.talos)))
    .extend('quirks', async ({ talos }) => quirksOf(talos ?? 'an unknown version'))
    /** The schematic of --schematic, and the sha256 of its file. */
    .extend('givenSchematic', async ({ subject }) => {
      const { schematic } = subject.candidate
      if (schematic === undefined) throw new Error('expected a schematic')
      const { path, text } = schematic
      return { schematic: parseSchematic(Buffer.from(text), path), sha256: schematicId(text) }
    })
    .extend('image', async ({ subject }) => subject.talos.image())
    .extend('files', async ({ subject }) => subject.talos.files())
    .extend('extraPaths', async ({ subject }) => subject.talos.extraPaths())
    .extend('isImage', async ({ subject }) => subject.candidate.parts[subject.part]?.image ?? false)
    .extend('variantName', async ({ subject }) => subject.candidate.variant)
    .extend('lock', async ({ subject }) => subject.candidate.lock)
    /** The installer beside an asset tree; for rules over both. */
    .extend('installer', async ({ subject }) => async () => {
      const { talos } = await subjectOf(inject('run'), subject.candidate.key, 'installer')
      return talos
    })
    /** The installers of all variants; for rules over a release. */
    .extend('variants', async ({ subject }) => {
      const keys = subject.candidate.members ?? []
      return variantsOf(inject('run'), keys)
    })
    /** The value that `read` gives for the image that the lock pins as the reference; errors of `readReference`. */
    .extend(
      'reference',
      async ({ subject }) =>
        <T>(read: (installer: TalosPart) => Promise<T>): Promise<T> =>
          readReference(inject('run'), subject.candidate, read),
    )
    /** Tags, signatures and attestations; for rules of the target registry. */
    .extend('evidence', async ({ subject }) => {
      if (subject.evidence === undefined) throw new Error('expected a part in a registry')
      return subject.evidence
    })
    .extend('medium', async ({ subject }) => subject.talos.medium())
    /** The form of a medium; undefined for any other part. */
    .extend('form', async ({ subject }) => subject.candidate.parts.media?.form)
    .extend('part', async ({ subject }) => subject.part)
    .extend('uki', async ({ subject }) => subject.talos.uki())
    .extend('kernel', async ({ subject }) => subject.talos.kernel())
    .extend('initramfs', async ({ subject }) => subject.talos.initramfs())
    .extend('initramfsLayout', async ({ subject }) => subject.talos.initramfsLayout())
    .extend('commandLine', async ({ subject }) => subject.talos.commandLine())
    /** The layers that extensions.yaml lists; names and versions go into the verdict, whatever the rule says. */
    .extend('layers', async ({ meta, subject }) => async () => {
      const layers = await (await subject.talos.extensions()).layers()
      meta.lists = layers.slice(0, MAX_LISTED).map(({ metadata: { name, version } }) => ({ name, version }))
      return layers
    })
    .extend('extensions', async ({ subject }) => subject.talos.extensions())
    .extend('rootfs', async ({ subject }) => subject.talos.rootfs())
    .extend('modules', async ({ subject }) => subject.talos.modules())

type Base = ReturnType<typeof makeBase>
/** Made with the first rule: while a thread loads the rules ahead of a run, vitest has nothing to extend. */
let base: Base | undefined

type Context = Base extends TestAPI<infer Extra> ? Extra : never
type Body = (context: Context) => Promise<void>
type Options = { readonly meta: { readonly requirement: Requirement } }

/** A call of `test` by a spec file. */
type Stated = {
  readonly title: string
  readonly options: Options
  readonly body: Body
  readonly line: number | undefined
}

/** Statements of the spec file that is being loaded. */
let statements: Stated[] | undefined

/** Lines of the module that states → lines of the spec file, where that module is a chunk of a bundle (scripts/bundle). */
export type SpecLines = Readonly<Record<number, number>>
let specLines: SpecLines | undefined

/**
 * States a requirement: `test(...must(id, sentence, options), async ({ kernel, judge }) => { … })`.
 * One vitest test per candidate and part that the rule speaks about; its meta says which.
 */
export function test(title: string, options: Options, body: Body): void {
  const stated = { title, options, body, line: callerLine() }
  if (statements === undefined) register(stated)
  else statements.push(stated)
}

/** Loads a spec file, one at a time; gives what states its requirements in a run, as often as there is one. */
export async function loadSpec(url: string, lines?: SpecLines): Promise<() => void> {
  const stated: Stated[] = []
  statements = stated
  specLines = lines
  try {
    await import(url)
  } finally {
    statements = undefined
    specLines = undefined
  }
  return () => stated.forEach(register)
}

function register({ title, options, body, line }: Stated): void {
  const { requirement } = options.meta
  const run = inject('run')
  if (run.listing === true) {
    vitest.skip(title, { meta: options.meta as object })
    return
  }
  if (run.selected !== undefined && !run.selected.includes(requirement.id)) return
  for (const candidate of run.candidates)
    for (const part of applicability(requirement, candidate).parts)
      (base ??= makeBase())(
        title,
        { meta: { requirement, line, candidate: candidate.key, part } as object },
        body as never,
      )
}

/** The line in the spec file that calls `test`, once per rule: vitest's own location costs a stack trace per candidate. */
function callerLine(): number | undefined {
  const [, line] = /\.spec\.[jt]s(?:\?\w+)?:(\d+):\d+\)?$/m.exec(new Error('for its stack').stack ?? '') ?? []
  if (line === undefined) return undefined
  return specLines === undefined ? Number(line) : specLines[Number(line)]
}
