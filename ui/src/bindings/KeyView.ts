export type KeyView = { fingerprint: string; publicKey: string; forThisSessionOnly: boolean };
