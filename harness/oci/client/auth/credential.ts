// A secret for a registry: a user and a password, an identity token, or both.

export type Credential = {
  readonly username?: string
  readonly password?: string
  /** A long-lived token that is exchanged for access tokens. */
  readonly identityToken?: string
  /** The place where it was found, for errors. */
  readonly from: string
}
