//! Accounts in memory.
// Longer than 400 lines: one short method per operation of the trait, over one state.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest as _, Sha256};
use sotto_protocol::{
    AccountId, DeviceId, Username,
    http::{PrekeyCount, Vault},
    limits::ONE_TIME_PREKEYS_MAX,
};

use crate::store::{
    AccountStore, Conflict, Op, StoreError,
    accounts::{
        Account, AddedDevice, ClaimedBundle, Credential, DeviceChange, DeviceRecord, DeviceSet,
        NewAccount, Prekey, Prekeys, SignedList, StoredSession,
    },
};

/// Accounts in maps behind one lock.
#[derive(Debug, Default)]
pub struct MemoryAccounts(Mutex<State>);

#[derive(Debug, Default, Clone)]
struct State {
    accounts: HashMap<AccountId, Account>,
    by_name: BTreeMap<String, AccountId>,
    lists: BTreeMap<(AccountId, u64), Vec<u8>>,
    devices: BTreeMap<DeviceId, Device>,
    sessions: HashMap<[u8; 32], StoredSession>,
    invitations: HashMap<[u8; 32], (u32, u64)>,
}

#[derive(Debug, Clone)]
struct Device {
    account: AccountId,
    removed: bool,
    last_seen_on: u64,
    signed: Option<Prekey>,
    kem_last_resort: Option<Prekey>,
    one_time: OneTime,
    kem_one_time: OneTime,
}

/// Every id ever given with its key's hash, and the keys that are left.
#[derive(Debug, Clone, Default)]
struct OneTime {
    given: BTreeMap<u32, [u8; 32]>,
    left: BTreeMap<u32, Vec<u8>>,
}

impl OneTime {
    fn add(&mut self, prekeys: &[Prekey]) -> Result<(), StoreError> {
        let high = self.given.keys().next_back().copied();
        for prekey in prekeys {
            let hash: [u8; 32] = Sha256::digest(&prekey.bytes).into();
            match self.given.get(&prekey.id) {
                Some(given) if *given == hash => continue,
                None if high.is_none_or(|high| prekey.id > high) => {}
                _ => return Err(StoreError::Conflict(Conflict::PrekeyIds)),
            }
            self.given.insert(prekey.id, hash);
            self.left.insert(prekey.id, prekey.bytes.clone());
        }
        if self.left.len() > ONE_TIME_PREKEYS_MAX {
            return Err(StoreError::Conflict(Conflict::PrekeysTooMany));
        }
        Ok(())
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        self.left.pop_first().map(|(_, bytes)| bytes)
    }

    fn count(&self) -> u32 {
        u32::try_from(self.left.len()).unwrap_or(u32::MAX)
    }
}

impl Device {
    fn add(&mut self, prekeys: &Prekeys) -> Result<(), StoreError> {
        replace(&mut self.signed, prekeys.signed.as_ref())?;
        replace(&mut self.kem_last_resort, prekeys.kem_last_resort.as_ref())?;
        self.one_time.add(&prekeys.one_time)?;
        self.kem_one_time.add(&prekeys.kem_one_time)
    }

    fn count(&self) -> PrekeyCount {
        PrekeyCount {
            one_time: self.one_time.count(),
            kem_one_time: self.kem_one_time.count(),
        }
    }
}

fn replace(stored: &mut Option<Prekey>, new: Option<&Prekey>) -> Result<(), StoreError> {
    let Some(new) = new else { return Ok(()) };
    if let Some(old) = stored
        && old.id >= new.id
        && old != new
    {
        return Err(StoreError::Conflict(Conflict::PrekeyIds));
    }
    *stored = Some(new.clone());
    Ok(())
}

impl State {
    fn add_device(
        &mut self,
        account: AccountId,
        added: &AddedDevice,
        today: u64,
    ) -> Result<(), StoreError> {
        if self.devices.contains_key(&added.device) {
            return Err(StoreError::Conflict(Conflict::IdTaken));
        }
        let mut device = Device {
            account,
            removed: false,
            last_seen_on: today,
            signed: None,
            kem_last_resort: None,
            one_time: OneTime::default(),
            kem_one_time: OneTime::default(),
        };
        device.add(&added.prekeys)?;
        self.devices.insert(added.device, device);
        self.sessions
            .insert(added.session.token_hash, added.session.clone());
        Ok(())
    }

    fn register(&mut self, new: NewAccount) -> Result<(), StoreError> {
        if let Some(code_hash) = &new.invitation {
            match self.invitations.get_mut(code_hash) {
                Some((uses, expires_at)) if *uses > 0 && *expires_at > new.now => *uses -= 1,
                _ => return Err(StoreError::Conflict(Conflict::Invitation)),
            }
        }
        let account = new.account;
        let folded = account.username.folded();
        if self.by_name.contains_key(&folded) {
            return Err(StoreError::Conflict(Conflict::NameTaken));
        }
        if self.accounts.contains_key(&account.id) {
            return Err(StoreError::Conflict(Conflict::IdTaken));
        }
        self.add_device(account.id, &new.device, account.registered_on)?;
        let list = &account.device_list;
        self.lists
            .insert((account.id, list.version), list.bytes.clone());
        self.by_name.insert(folded, account.id);
        self.accounts.insert(account.id, account);
        Ok(())
    }

    fn put_vault(
        &mut self,
        account: AccountId,
        vault: Vault,
        password: Option<Credential>,
    ) -> Result<(), StoreError> {
        let account = self
            .accounts
            .get_mut(&account)
            .ok_or(StoreError::Conflict(Conflict::AccountUnknown))?;
        let same = vault.version == account.vault.version && vault.sealed == account.vault.sealed;
        if !same && vault.version != account.vault.version + 1 {
            return Err(StoreError::Conflict(Conflict::Vault));
        }
        account.vault = vault;
        if let Some(credential) = password {
            account.credential = credential;
        }
        Ok(())
    }

    fn change_devices(&mut self, change: DeviceChange) -> Result<(), StoreError> {
        let account = self
            .accounts
            .get_mut(&change.account)
            .ok_or(StoreError::Conflict(Conflict::AccountUnknown))?;
        let newest = account.device_list.version;
        if change.list.version != newest + 1 {
            return Err(StoreError::Conflict(Conflict::DeviceList { newest }));
        }
        account.device_list = change.list.clone();
        self.lists.insert(
            (change.account, change.list.version),
            change.list.bytes.clone(),
        );
        for removed in &change.removed {
            if let Some(device) = self.devices.get_mut(removed) {
                device.removed = true;
                device.one_time.left.clear();
                device.kem_one_time.left.clear();
            }
        }
        if let Some(added) = &change.added {
            self.add_device(change.account, added, change.today)?;
        }
        if let Some((credential, vault)) = change.password {
            self.put_vault(change.account, vault, Some(credential))?;
        }
        Ok(())
    }

    fn current(&self, account: AccountId) -> impl Iterator<Item = (&DeviceId, &Device)> {
        self.devices
            .iter()
            .filter(move |(_, device)| device.account == account && !device.removed)
    }

    fn claim(&mut self, account: AccountId, devices: &[DeviceId]) -> Vec<ClaimedBundle> {
        let mut bundles = Vec::new();
        for id in devices {
            let Some(device) = self
                .devices
                .get_mut(id)
                .filter(|device| device.account == account && !device.removed)
            else {
                continue;
            };
            let (Some(signed), Some(last_resort)) = (&device.signed, &device.kem_last_resort)
            else {
                continue;
            };
            let (signed, last_resort) = (signed.bytes.clone(), last_resort.bytes.clone());
            bundles.push(ClaimedBundle {
                device: *id,
                signed,
                one_time: device.one_time.take(),
                kem: device.kem_one_time.take().unwrap_or(last_resort),
                left: device.count(),
            });
        }
        bundles
    }
}

impl MemoryAccounts {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All or nothing: a failed change leaves what was.
    fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut State) -> Result<T, StoreError>,
    ) -> Op<'_, T> {
        let mut state = self.state();
        let mut changed = state.clone();
        let result = work(&mut changed);
        if result.is_ok() {
            *state = changed;
        }
        Box::pin(async move { result })
    }

    fn look<T: Send + 'static>(&self, work: impl FnOnce(&State) -> T) -> Op<'_, T> {
        let result = work(&self.state());
        Box::pin(async move { Ok(result) })
    }
}

impl AccountStore for MemoryAccounts {
    fn register(&self, new: NewAccount) -> Op<'_, ()> {
        self.change(|state| state.register(new))
    }

    fn name_taken(&self, folded: String) -> Op<'_, bool> {
        self.look(|state| state.by_name.contains_key(&folded))
    }

    fn account_by_name(&self, folded: String) -> Op<'_, Option<Account>> {
        self.look(|state| {
            let id = state.by_name.get(&folded)?;
            state.accounts.get(id).cloned()
        })
    }

    fn account(&self, id: AccountId) -> Op<'_, Option<Account>> {
        self.look(|state| state.accounts.get(&id).cloned())
    }

    fn people(&self, prefix: String, limit: usize) -> Op<'_, Vec<(AccountId, Username)>> {
        self.look(|state| {
            state
                .by_name
                .range(prefix.clone()..)
                .take_while(|(name, _)| name.starts_with(&prefix))
                .filter_map(|(_, id)| state.accounts.get(id))
                .map(|account| (account.id, account.username.clone()))
                .take(limit)
                .collect()
        })
    }

    fn device_lists(
        &self,
        account: AccountId,
        after: u64,
        limit: usize,
    ) -> Op<'_, Vec<SignedList>> {
        self.look(|state| {
            state
                .lists
                .range((account, after.saturating_add(1))..=(account, u64::MAX))
                .map(|((_, version), bytes)| SignedList {
                    version: *version,
                    bytes: bytes.clone(),
                })
                .take(limit)
                .collect()
        })
    }

    fn device_set(&self, account: AccountId) -> Op<'_, Option<DeviceSet>> {
        self.look(|state| {
            Some(DeviceSet {
                version: state.accounts.get(&account)?.device_list.version,
                devices: state.current(account).map(|(id, _)| *id).collect(),
            })
        })
    }

    fn owner(&self, device: DeviceId) -> Op<'_, Option<AccountId>> {
        self.look(|state| state.devices.get(&device).map(|device| device.account))
    }

    fn change_devices(&self, change: DeviceChange) -> Op<'_, ()> {
        self.change(|state| state.change_devices(change))
    }

    fn put_vault(
        &self,
        account: AccountId,
        vault: Vault,
        password: Option<Credential>,
    ) -> Op<'_, ()> {
        self.change(|state| state.put_vault(account, vault, password))
    }

    fn add_prekeys(&self, device: DeviceId, prekeys: Prekeys) -> Op<'_, PrekeyCount> {
        self.change(|state| {
            let device = state
                .devices
                .get_mut(&device)
                .filter(|device| !device.removed)
                .ok_or(StoreError::Conflict(Conflict::DeviceUnknown))?;
            device.add(&prekeys)?;
            Ok(device.count())
        })
    }

    fn claim_prekeys(
        &self,
        account: AccountId,
        devices: Vec<DeviceId>,
    ) -> Op<'_, Vec<ClaimedBundle>> {
        self.change(|state| Ok(state.claim(account, &devices)))
    }

    fn prekey_count(&self, device: DeviceId) -> Op<'_, PrekeyCount> {
        self.look(|state| {
            state.devices.get(&device).map_or(
                PrekeyCount {
                    one_time: 0,
                    kem_one_time: 0,
                },
                Device::count,
            )
        })
    }

    fn put_session(&self, session: StoredSession, today: u64) -> Op<'_, ()> {
        self.change(|state| {
            if let Some(device) = state.devices.get_mut(&session.device) {
                device.last_seen_on = device.last_seen_on.max(today);
            }
            state.sessions.insert(session.token_hash, session);
            Ok(())
        })
    }

    fn session(&self, token_hash: [u8; 32]) -> Op<'_, Option<StoredSession>> {
        self.look(|state| state.sessions.get(&token_hash).cloned())
    }

    fn delete_session(&self, token_hash: [u8; 32]) -> Op<'_, ()> {
        self.change(|state| {
            state.sessions.remove(&token_hash);
            Ok(())
        })
    }

    fn purge(&self, now: u64) -> Op<'_, ()> {
        self.change(|state| {
            state.sessions.retain(|_, session| session.expires_at > now);
            state
                .invitations
                .retain(|_, (uses, expires_at)| *uses > 0 && *expires_at > now);
            Ok(())
        })
    }

    fn devices(&self, account: AccountId) -> Op<'_, Vec<DeviceRecord>> {
        self.look(|state| {
            state
                .current(account)
                .map(|(id, device)| DeviceRecord {
                    device: *id,
                    last_seen_on: device.last_seen_on,
                    prekeys: device.count(),
                })
                .collect()
        })
    }

    fn add_invitation(&self, code_hash: [u8; 32], uses: u32, expires_at: u64) -> Op<'_, ()> {
        self.change(|state| {
            state.invitations.insert(code_hash, (uses, expires_at));
            Ok(())
        })
    }

    fn invitation_valid(&self, code_hash: [u8; 32], now: u64) -> Op<'_, bool> {
        self.look(|state| {
            state
                .invitations
                .get(&code_hash)
                .is_some_and(|(uses, expires_at)| *uses > 0 && *expires_at > now)
        })
    }

    fn ready(&self) -> Op<'_, ()> {
        self.look(|_| ())
    }
}
