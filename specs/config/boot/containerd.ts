// Parts of containerd's configuration that a person adds.
import { containerdPart, type ContainerdPart } from '#harness/machine-config/containerd-part.ts'
import { nearest } from '../../contract/findings/edits.ts'
import { isUnknown, unknownValue, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'
import { MINORS } from '#harness/machine-config/schema/schema.ts'
import { targetMinor } from '../validity/target.ts'
import { CONTAINERD } from '../upstream/fields.ts'

/** The names that the keys of containerd 1 have in containerd 2: docs/cri/config.md of containerd v2.1.5. */
const RUNTIME = 'io.containerd.cri.v1.runtime'
const IMAGES = 'io.containerd.cri.v1.images'
const OLD = ['cri', 'io.containerd.grpc.v1.cri']

export const judgeParts: ConfigJudge = ({ node }) =>
  node.criParts.flatMap((content) => {
    if (isUnknown(content.value.trim())) return [unknownValue("a part of containerd's configuration", content)]
    const part = containerdPart(content.value)
    if (part.error === undefined) return []
    const got = content.value.includes('{{') || content.value.includes('${')
    if (got) return [unknownValue("a part of containerd's configuration", { ...content, value: '${…}' })]
    return [
      { at: content.at, message: "a part of containerd's configuration is no TOML", expected: 'TOML', got: part.error },
    ]
  })

export const judgePartKeys: ConfigJudge = (facts, context) => {
  const minor = targetMinor(facts, context) ?? MINORS.at(-1) ?? ''
  return facts.node.criParts.flatMap(({ value, at }): readonly ConfigFinding[] => {
    const part = containerdPart(value)
    return [
      ...(part.version === undefined || part.version === 3
        ? []
        : [
            {
              at,
              message:
                'the version of a part becomes that of the whole configuration, whose other parts are of version 3',
              expected: 'version = 3, or none',
              got: `version = ${part.version}`,
            },
          ]),
      // A key that is in its new place as well is kept for older nodes, and does no harm.
      ...part.keys
        .filter(
          ({ plugin, key }) =>
            !OLD.includes(plugin) || !part.keys.some((other) => other.key === key && !OLD.includes(other.plugin)),
        )
        .flatMap((key) => judgeKey(key, minor, at)),
    ]
  })
}

function judgeKey(
  { plugin, key }: ContainerdPart['keys'][number],
  minor: string,
  at: ConfigFinding['at'],
): readonly ConfigFinding[] {
  const { plugins = {}, types = {} } = CONTAINERD[minor] ?? {}
  const fieldsOf = (name: string): readonly string[] => Object.keys(types[plugins[name] ?? ''] ?? {})
  const known = fieldsOf(plugin)
  if (plugin !== 'cri' && !Object.hasOwn(plugins, plugin)) return []
  if (known.includes(key)) return []
  const home = [RUNTIME, IMAGES].find((name) => name !== plugin && fieldsOf(name).includes(key))
  const near = nearest(key, known)
  return [
    {
      at,
      message: `containerd ignores ${key} under plugins."${plugin}"${OLD.includes(plugin) ? ', a key of containerd 1' : ''}`,
      expected:
        home !== undefined
          ? `${key} under plugins."${home}"`
          : near !== undefined
            ? near
            : `a key that "${plugin}" has`,
    },
  ]
}
