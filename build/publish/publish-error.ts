// The reason that an image is not published: a closed code for the caller, one sentence for a person.

/**
 * LAYOUT: it is no layout of this variant, or was built from another lock. TAG: a tag that never moves names other bytes.
 * REGISTRY: what was pushed is not what is there.
 */
export type PublishCode = 'LAYOUT' | 'TAG' | 'REGISTRY'

export class PublishError extends Error {
  override name = 'PublishError'
  readonly code: PublishCode

  constructor(code: PublishCode, message: string) {
    super(message)
    this.code = code
  }
}
