// A requirement: its identity, what of a candidate it speaks about, and what must be green before it can be judged.
import type { MediumForm } from '../contract/tags.ts'

/** The part of a candidate that a rule is about. */
export type Target = 'image' | 'installer' | 'assets' | 'media' | 'release' | 'registry' | 'config' | 'node' | 'boot'
/** Those that `--target` can name: running nodes and boots are judged by commands of their own. */
export const TARGETS: readonly Target[] = ['image', 'installer', 'assets', 'media', 'release', 'registry', 'config']

/** The forms that hold a UKI. */
export const WITH_UKI: readonly MediumForm[] = ['uki', 'iso', 'raw']

/**
 * The extent of one evaluation of a rule: a part by itself, the installer image alone, both parts of a candidate held
 * against each other, both variants of a release, or all nodes of a project.
 */
type Scope = 'part' | 'installer' | 'parts' | 'release' | 'project'

type Level = 'must' | 'should'

/** The variants that a rule applies to, by the contract's facts about them. */
export type VariantFilter = {
  readonly role?: 'gateway' | undefined
  readonly extension?: string | undefined
  /** An extension service that gets a configuration. */
  readonly service?: string | undefined
  /** Contracts that hold nodes to CozyStack's (`cozystack: true`). */
  readonly profile?: 'cozystack' | undefined
  /** Contracts that name images to compare with, or locks that pin one. */
  readonly reference?: true | undefined
  /** Runs to which a schematic of Image Factory was given. */
  readonly schematic?: true | undefined
}

export type Requirement = {
  readonly id: string
  readonly level: Level
  readonly sentence: string
  readonly targets: readonly Target[]
  /** Ids that must be green first; while one fails this rule is blocked. */
  readonly needs: readonly string[]
  /** True for a rule that compares with a fact of the lock. */
  readonly pinned: boolean
  /** True for a rule that is judged only where there is no lock; with one, other rules say it by themselves. */
  readonly unpinned?: true | undefined
  readonly scope: Scope
  /** The forms of media that it speaks about; absent for all of them. */
  readonly forms?: readonly MediumForm[] | undefined
  /** The variants; absent for all of them. */
  readonly only?: VariantFilter | undefined
  /** The remedy for a failure, for the owner of the image. */
  readonly fix: string
}

export type RequirementOptions = {
  readonly targets: readonly Target[]
  readonly needs?: readonly string[]
  readonly pinned?: boolean
  readonly unpinned?: true
  readonly scope?: Scope
  readonly forms?: readonly MediumForm[]
  readonly only?: VariantFilter
  readonly fix: string
}

export type Statement = readonly [title: string, options: { readonly meta: { readonly requirement: Requirement } }]

const ID = /^[A-Z]{3,4}-\d{3}$/

function state(level: Level, id: string, sentence: string, options: RequirementOptions): Statement {
  if (!ID.test(id)) throw new Error(`requirement id ${id}: expected AREA-NNN`)
  const { targets, needs = [], pinned = false, unpinned, scope = 'part', forms, only, fix } = options
  const requirement = {
    id,
    level,
    sentence,
    targets,
    needs,
    pinned,
    ...(unpinned !== undefined && { unpinned }),
    scope,
    ...(forms !== undefined && { forms }),
    ...(only !== undefined && { only }),
    fix,
  }
  return [`${id} ${sentence}`, { meta: { requirement } }]
}

/**
 * A rule that gates. Spread into `test`: `test(...must('KRN-002', 'the payload …', { … }), async ({ kernel }) => …)`.
 */
export function must(id: string, sentence: string, options: RequirementOptions): Statement {
  return state('must', id, sentence, options)
}

/** A rule that reports and does not gate. */
export function should(id: string, sentence: string, options: RequirementOptions): Statement {
  return state('should', id, sentence, options)
}
