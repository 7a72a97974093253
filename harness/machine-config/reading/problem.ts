// Problems that keep Talos from reading a machine configuration: facts with places, judged elsewhere.
import type { YamlPlace } from '../../formats/yaml/nodes.ts'

/**
 * `yaml`: no YAML to go-yaml; `syntax`: no document, or aliases that lead nowhere; `document`: of an unknown kind,
 * twice, or excluded by another; `key`: unknown in its type; `type`: a value that its field cannot hold; `patch`: one
 * that does not apply.
 */
export type ProblemClass = 'yaml' | 'syntax' | 'document' | 'key' | 'type' | 'patch'

export type Problem = {
  readonly class: ProblemClass
  readonly at: YamlPlace
  /** `machine.network.interfaces[0].mtu`; for other documents than v1alpha1 the kind is before a colon. */
  readonly key: string
  /** Lower-case clause. */
  readonly message: string
  readonly expected?: string
  readonly got?: string
}

/** The most problems that are kept of a file: with more it is of another kind, or hostile. */
export const MAX_PROBLEMS = 200

/** Text of a file as a finding may show it. */
export function quoteText(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
