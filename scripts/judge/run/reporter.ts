// A vitest reporter that observes: every test with its requirement, its place and its errors. It judges nothing.
import { relative } from 'node:path'
import type { Reporter, SerializedError, TestCase, TestModule, TestRunEndReason } from 'vitest/node'
import type { Location } from '#harness/errors.ts'
import type { Requirement } from '#specs/support/requirement.ts'
import type { JudgementMeta } from '#specs/support/run.ts'
import { repositoryPath } from '../../root.ts'
import type { Observation, ObservedError, RunObservations } from '../verdict/observation.ts'

export type Observer = Reporter & { observed(): RunObservations }

/** `root` is the folder that spec paths are relative to. */
export function createObserver(root: string): Observer {
  const observations: Observation[] = []
  const runErrors: string[] = []
  return {
    onTestCaseResult(testCase: TestCase) {
      const observation = observe(testCase, root)
      if (observation !== undefined) observations.push(observation)
    },
    onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[], reason: TestRunEndReason) {
      for (const module of modules)
        for (const error of module.errors())
          runErrors.push(`${repositoryPath(relative(root, module.moduleId))} did not load: ${error.message}`)
      for (const error of unhandled) runErrors.push(`unhandled: ${error.message}`)
      if (reason === 'interrupted') runErrors.push('the run was interrupted')
    },
    observed: () => ({ observations, runErrors: [...new Set(runErrors)] }),
  }
}

function observe(testCase: TestCase, root: string): Observation | undefined {
  const meta = testCase.meta() as Partial<JudgementMeta> & { readonly requirement?: Requirement }
  if (meta.requirement === undefined || meta.candidate === undefined || meta.part === undefined) return undefined
  const result = testCase.result()
  const file = repositoryPath(relative(root, testCase.module.moduleId))
  return {
    candidate: meta.candidate,
    part: meta.part,
    id: meta.requirement.id,
    state: result.state,
    errors: observeErrors(result.errors ?? [], meta),
    ...(meta.where !== undefined && { where: meta.where }),
    ...(meta.notes !== undefined && { notes: meta.notes.map(({ at, message }) => ({ at, message })) }),
    ...(meta.lists !== undefined && { lists: meta.lists }),
    durationMs: Math.round(testCase.diagnostic()?.duration ?? 0),
    spec: meta.line === undefined ? file : `${file}:${meta.line}`,
  }
}

/** Errors as vitest serialises them, of a test with this meta. */
export function observeErrors(errors: readonly object[], meta: Partial<JudgementMeta>): readonly ObservedError[] {
  return errors.map((error) => observeError(error as SerializedError)).flatMap(findingsOf(meta))
}

/** The findings of an expectation about findings: each has its own place. */
function findingsOf({ findings = [] }: Partial<JudgementMeta>): (error: ObservedError) => readonly ObservedError[] {
  return (error) => {
    if (!error.assertion || findings.length === 0) return [error]
    return findings.map(({ at, message, expected, got, entry }) => ({
      name: error.name,
      message,
      at,
      ...(entry !== undefined && { entry }),
      ...(expected !== undefined && { expected }),
      ...(got !== undefined && { got }),
      assertion: true,
    }))
  }
}

function observeError(error: SerializedError): ObservedError {
  const fields = error as SerializedError & { at?: Location; code?: unknown; expected?: unknown; actual?: unknown }
  return {
    name: String(fields.name ?? 'Error'),
    message: String(fields.message ?? ''),
    ...(typeof fields.code === 'string' && { code: fields.code }),
    ...(fields.at !== undefined && { at: fields.at }),
    ...(fields.expected !== undefined && { expected: String(fields.expected) }),
    ...(fields.actual !== undefined && { got: String(fields.actual) }),
    assertion: fields.name === 'AssertionError',
  }
}
