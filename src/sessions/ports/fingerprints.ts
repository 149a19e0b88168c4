/** The secret keys of a node, by fingerprints that reveal nothing of them. */
export interface KeyFingerprints {
  /** Of the key that seals. */
  seals: string
  /** Of all keys that unseal. */
  opens: readonly string[]
}

/** Fingerprints of the secret keys of nodes. */
export interface FingerprintStore {
  /**
   * Notes the keys of a node, if `find` has no objection to them.
   *
   * @param find gets those of the other living nodes, and of the start before this one
   * @returns the objection
   */
  noteFingerprints<T>(
    nodeId: string,
    own: KeyFingerprints,
    find: (others: { living: KeyFingerprints[]; last: KeyFingerprints | undefined }) => T | undefined,
  ): Promise<T | undefined>
  /** A stored text of each kind that was sealed, to see with which key. */
  sampleSealed(): Promise<string[]>
}
