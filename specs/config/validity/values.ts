// Parts of a machine configuration that Talos' validation refuses, by the class of the violation.
import type { ConfigJudge } from '../../support/config-rule.ts'
import type { ViolationClass } from './check.ts'
import { judgeByMinor } from './target.ts'
import { validate } from './validate.ts'

const judgeClass = (of: ViolationClass): ConfigJudge =>
  judgeByMinor((reading) => validate(reading).filter((violation) => violation.class === of))

export const judgeValues = judgeClass('value')
export const judgeConflicts = judgeClass('conflict')
export const judgeCombinations = judgeClass('combination')
export const judgeRoles = judgeClass('control plane')
export const judgeExpressions = judgeClass('expression')
