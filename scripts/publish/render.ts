// The summary that `npm run publish` prints at its end.
import type { Publication, PublishOutcome } from '#build/publish/publish.ts'
import { PARTS } from '#build/publish/variant-layout.ts'

export function renderPublished(
  registry: string,
  publications: readonly Publication[],
  outcome: PublishOutcome,
): string {
  const images = publications.flatMap(({ layout, repository, tags }) => {
    const width = Math.max(...PARTS.map((part) => tags[part].immutableTag.length))
    const lines = PARTS.toReversed().flatMap((part) =>
      [tags[part].version, tags[part].immutableTag].map(
        (tag) => `  ${tag.padEnd(width)}  ${layout[part].descriptor.digest}`,
      ),
    )
    const already = outcome.already.some((one) => one.layout === layout) ? ': was there already, and stays' : ''
    return [`${registry}/${repository}${already}`, ...lines]
  })
  const { uploaded, mounted, present } = outcome.blobs
  const counts = `${uploaded} blobs pushed, ${mounted} mounted, ${present} there already; ${outcome.attached} manifests attached`
  return `${[...images, counts].join('\n')}\n`
}

export function renderNext(references: readonly string[], verified: boolean, options: string): string {
  const lines = [
    ...(verified ? [] : [`  npm test -- ${references.join(' ')}${options}`]),
    ...references.map((reference) => `  npm run promote -- ${reference} CHANNEL${options}`),
  ]
  return `next:\n${lines.join('\n')}\n`
}
