// Requirement ids that are no longer judged. An id is never used again, so a retired one stays here with its reason.

export type Retired = { readonly id: string; readonly reason: string }

export const RETIRED: readonly Retired[] = []
