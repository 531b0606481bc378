// The closed vocabulary of drydock, and what each word means to a person. The
// words themselves are those of API, command line and log.

export const steps = ['preflight', 'backup', 'keep', 'load', 'recover', 'assess', 'modify', 'verify'] as const;

export const stepMeaning: Record<string, string> = {
  preflight: 'identify the device, check that the release fits, rehearse the migration',
  backup: 'the device sends its configuration; it is sealed and opened again',
  keep: 'the device stores the files that loading changes',
  load: 'the device downloads and loads the release, and comes back',
  recover: 'the device fetches its configuration and loads it',
  assess: 'find out whether the new version needs the configuration modified',
  modify: 'the device fetches the modified configuration',
  verify: 'a second backup is compared in meaning with what is expected',
  'restore-files': 'the device puts the kept files back, and it is proven',
  done: 'the run has ended',
};

/** A word of the vocabulary as people write it: device-failed is device failed. */
export const plain = (word: string | undefined): string => (word ?? '').replaceAll('-', ' ');

export const causeMeaning: Record<string, string> = {
  'device-failed': 'The device reported a failure',
  refused: 'The device refused the command',
  timeout: 'It took longer than its predetermined time',
  'no-answer': 'The device does not answer',
  'transfer-failed': 'A transfer broke off',
  'backup-invalid': 'The backup is not whole or cannot be read',
  'does-not-fit': 'The release is not for this device',
  'identity-changed': 'Another device answers at the address',
  'wrong-version': 'The version read back is not the wanted one',
  'cannot-keep': 'The old files cannot be kept on this device',
  'no-room': 'There is not enough space on the device',
  concerns: 'Preflight found something you should know',
  'manual-findings': 'The migration needs a person to decide',
  'migration-failed': 'The migration gave an error; the backup is unchanged',
  'configuration-lost': 'Lines are missing or different after recovery',
  'health-failed': 'A health check failed',
  'outcome-unknown': 'It cannot be told what became of the last command',
  'window-closed': 'Loading may not begin now; nothing was changed',
  'server-failed': 'drydock itself could not do its part',
};

export const choiceMeaning: Record<string, { word: string; means: string }> = {
  repeat: { word: 'Repeat', means: 'do the step again' },
  proceed: { word: 'Proceed', means: 'go on in spite of what was found' },
  'restore-files': { word: 'Restore files', means: 'put the old files back, and prove it' },
  stop: { word: 'Stop', means: 'nothing more happens on the device in this run' },
};

export const leftMeaning: Record<string, string> = {
  untouched: 'nothing was loaded',
  'new-proven': 'new version, configuration proven',
  'new-accepted': 'new version, configuration with accepted differences',
  'old-proven': 'old version, configuration proven equal',
  'old-accepted': 'old version, configuration with accepted differences',
  'new-unproven': 'new version; what came after is not proven',
  'load-unproven': 'loading was ordered; what runs is not proven: it needs hands',
  'configuration-proven': 'version untouched, configuration proven',
  'configuration-accepted': 'version untouched, configuration with accepted differences',
  'configuration-unproven': 'version untouched; a configuration was loaded and is not proven',
  'restore-unknown': 'putting back was ordered and is not proven: it needs hands',
};

export const purposeMeaning: Record<string, string> = {
  'before-load': 'before loading',
  'after-update': 'after the update',
  'after-restore': 'after restoring',
  'by-hand': 'by hand',
  expected: 'as expected',
};

/** What a driver's operations do on the device. */
export const operationMeaning: Record<string, string> = {
  identify: 'reads model, version and serial number',
  'free-space': 'reads how much room there is for files',
  health: 'reads whether the device works as it should',
  reach: 'tries whether the device reaches the file server',
  backup: 'the device sends its configuration',
  keep: 'the device stores the files that loading changes',
  update: 'the device fetches and loads a release',
  reboot: 'restarts the device where loading does not',
  recover: 'the device fetches a configuration and loads it',
  'restore-files': 'the device puts the kept files back',
};
