// Parts of a machine configuration that Talos cannot read, by the class of the problem.
import type { ProblemClass } from '#harness/machine-config/reading/problem.ts'
import type { ConfigJudge } from '../../support/config-rule.ts'
import { judgeByMinor } from './target.ts'

const judgeClass = (...classes: readonly ProblemClass[]): ConfigJudge =>
  judgeByMinor(({ problems }) => problems.filter((problem) => classes.includes(problem.class)))

export const judgeYaml = judgeClass('yaml')
export const judgeDocuments = judgeClass('syntax', 'document')
export const judgeKeys = judgeClass('key')
export const judgeTypes = judgeClass('type')
export const judgePatches = judgeClass('patch')
