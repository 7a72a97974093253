// What is inside of the extensions that a failure names, in a sentence each.
import { orAbsent } from '#harness/errors.ts'
import type { OpenedPart } from '../candidates/part.ts'
import type { DescribedExtension, RuleVerdict } from '../verdict/conformance.ts'
import { describeDifference } from '../verdict/difference.ts'

/** Areas whose failures name extensions and services. */
const AREAS = /^(?:EXT|REL)-/
/** More are not read beside a failure. */
const MAX_NAMED = 4

/**
 * The rules, those that fail with what is inside of the extensions that they name, by name or by service. The image is
 * read for that only where there is such a rule; what cannot be read is left out.
 */
export async function withAbout(
  rules: readonly RuleVerdict[],
  parts: readonly Pick<OpenedPart, 'part' | 'talos'>[],
): Promise<readonly RuleVerdict[]> {
  const fails = ({ id, status }: RuleVerdict): boolean => status === 'fail' && AREAS.test(id)
  if (parts.length === 0 || !rules.some(fails)) return rules
  // Only here are the readers of images loaded: a machine configuration needs none.
  const { describeExtensions, shownPart } = await import('../candidates/contents.ts')
  const talos = shownPart(parts)?.talos
  if (talos === undefined) return rules
  const extensions = (await orAbsent(() => describeExtensions(talos, []))) ?? []
  return rules.map((rule) => {
    const about = fails(rule) ? aboutOf(rule, extensions) : []
    return about.length === 0 ? rule : { ...rule, about }
  })
}

/** A sentence for each extension that the findings name; none where they name more than a person would look up. */
export function aboutOf(
  { findings }: Pick<RuleVerdict, 'findings'>,
  extensions: readonly DescribedExtension[],
): readonly string[] {
  const texts = findings.flatMap((finding) => [
    ...(finding.expected === undefined && finding.got === undefined ? [finding.message] : []),
    ...describeDifference(finding).map(([, text]) => text),
  ])
  const words = new Set(texts.flatMap((text) => text.split(/[^\w.-]+/)))
  const named = extensions.filter(
    ({ name, services }) => words.has(name) || services.some((one) => words.has(one.name)),
  )
  return named.length > MAX_NAMED ? [] : named.map(describe)
}

function describe({ name, version, services, handlers, modules }: DescribedExtension): string {
  const parts = [
    ...services.map((service) =>
      service.waits.length === 0
        ? `service ${service.name}`
        : `service ${service.name}, which waits for ${service.waits.join(', ')}`,
    ),
    ...handlers.map((handler) => `runtime handler ${handler}`),
    ...(modules === 0 ? [] : [`${modules} kernel module${modules === 1 ? '' : 's'}`]),
  ]
  return `${name} ${version}: ${parts.length === 0 ? 'no service, runtime handler or kernel module' : parts.join('; ')}`
}
