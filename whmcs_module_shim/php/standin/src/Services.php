<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;
use WHMCS\Service\Status;

/** What people do to a service besides ordering and paying. */
final class Services
{
    private const EDITABLE = [
        'pid' => 'packageid', 'serverid' => 'server', 'regdate' => 'regdate', 'nextduedate' => 'nextduedate',
        'terminationdate' => 'termination_date', 'domain' => 'domain', 'firstpaymentamount' => 'firstpaymentamount',
        'recurringamount' => 'amount', 'paymentmethod' => 'paymentmethod', 'billingcycle' => 'billingcycle',
        'subscriptionid' => 'subscriptionid', 'status' => 'domainstatus', 'notes' => 'notes',
        'serviceusername' => 'username', 'servicepassword' => 'password', 'overideautosuspend' => 'overideautosuspend',
        'overidesuspenduntil' => 'overidesuspenduntil', 'ns1' => 'ns1', 'ns2' => 'ns2', 'dedicatedip' => 'dedicatedip',
        'assignedips' => 'assignedips', 'diskusage' => 'diskusage', 'disklimit' => 'disklimit', 'bwusage' => 'bwusage',
        'bwlimit' => 'bwlimit', 'suspendreason' => 'suspendreason', 'promoid' => 'promoid',
    ];

    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * Changes the record only: a status set here does not run the module (WHMCS API reference, UpdateClientProduct).
     *
     * @param array<string, mixed> $values named as UpdateClientProduct names them
     */
    public function update(int $serviceId, array $values): void
    {
        $changes = [];
        foreach (array_intersect_key($values, self::EDITABLE) as $key => $value) {
            $changes[self::EDITABLE[$key]] = match ($key) {
                'servicepassword' => $this->shop->encrypt((string) $value),
                'overideautosuspend' => in_array($value, ['on', 1, true, '1'], true) ? 1 : 0,
                default => is_bool($value) ? (int) $value : $value,
            };
        }
        foreach ((array) ($values['unset'] ?? []) as $key) {
            $changes[self::EDITABLE[(string) $key] ?? throw new Refused("$key cannot be unset")] = '';
        }
        if (isset($changes['nextduedate'])) {
            $changes += ['nextinvoicedate' => $changes['nextduedate']];
        }
        if ($changes !== []) {
            Capsule::table('tblhosting')->where('id', $serviceId)->update($changes);
        }
    }

    /**
     * An admin saves the product page: hooks, the record, the module's own tab fields.
     *
     * @param array<string, mixed> $values as in update()
     * @param array<string, mixed> $post what the module's fields posted
     */
    public function adminSave(int $serviceId, array $values, array $post): void
    {
        $userId = (int) Shop::row('tblhosting', $serviceId)['userid'];
        $both = ['userid' => $userId, 'serviceid' => $serviceId];
        $this->shop->hooks->run('PreServiceEdit', ['serviceid' => $serviceId]);
        $this->shop->hooks->run('PreAdminServiceEdit', ['serviceid' => $serviceId]);
        $typed = static fn (mixed $value): mixed => is_string($value) ? Text::fromForm($value) : $value;
        $this->update($serviceId, array_map($typed, $values));
        $_POST = $post;
        $_REQUEST = $post + ['id' => $serviceId, 'userid' => $userId];
        if ($this->shop->module()->has('AdminServicesTabFieldsSave')) {
            $params = (new Params($this->shop))->ofService($serviceId);
            $this->shop->module()->call('AdminServicesTabFieldsSave', $params);
        }
        $this->shop->hooks->run('AdminClientServicesTabFieldsSave', $_REQUEST);
        $this->shop->hooks->run('AdminServiceEdit', $both);
        $this->shop->hooks->run('ServiceEdit', $both);
    }

    /** A client may change the password only while the service is Active (WHMCS developer docs). */
    public function changePassword(int $serviceId, string $typed, bool $byClient): string
    {
        if ($byClient && Shop::row('tblhosting', $serviceId)['domainstatus'] !== Status::ACTIVE) {
            return 'The password can be changed only while the service is active';
        }
        $extra = ['password' => $this->form($typed)];
        return (new ModuleCommand($this->shop))->run($serviceId, 'ChangePassword', false, $extra);
    }

    public function suspend(int $serviceId, string $reason, bool $automated): string
    {
        $extra = ['suspendreason' => $reason];
        return (new ModuleCommand($this->shop))->run($serviceId, 'SuspendAccount', $automated, $extra, $reason);
    }

    public function requestCancellation(int $serviceId, string $type, string $reason): void
    {
        $service = Shop::row('tblhosting', $serviceId);
        if (Capsule::table('tblcancelrequests')->where('relid', $serviceId)->exists()) {
            throw new Refused('A cancellation request already exists for this service');
        }
        $now = $this->shop->clock->stamp();
        Capsule::table('tblcancelrequests')->insert(['relid' => $serviceId, 'type' => $type, 'reason' => $reason,
            'date' => $now, 'created_at' => $now]);
        $this->shop->hooks->run('CancellationRequest', ['userid' => (int) $service['userid'], 'relid' => $serviceId,
            'reason' => $reason, 'type' => $type]);
        (new Mailer($this->shop))->send('Cancellation Request Confirmation', $serviceId);
    }

    /** Fires no hook at all (WHMCS/developer-docs#254). */
    public function withdrawCancellation(int $serviceId): void
    {
        Capsule::table('tblcancelrequests')->where('relid', $serviceId)->delete();
    }

    /** Deleting does not terminate, as far as documents say; the switch imitates the opposite. */
    public function delete(int $serviceId): void
    {
        $service = Shop::row('tblhosting', $serviceId);
        if ($this->shop->settings->says('service_delete_terminates') && $service['domainstatus'] !== Status::PENDING) {
            (new ModuleCommand($this->shop))->run($serviceId, 'TerminateAccount');
        }
        $userId = (int) $service['userid'];
        $variables = ['userid' => $userId, 'clientId' => $userId, 'serviceid' => $serviceId];
        $this->shop->hooks->run('ServiceDelete', $variables);
        Capsule::table('tblhosting')->where('id', $serviceId)->delete();
        Capsule::table('tblcustomfieldsvalues')->where('relid', $serviceId)->delete();
        Capsule::table('tblhostingconfigoptions')->where('relid', $serviceId)->delete();
    }

    private function form(string $typed): string
    {
        $encoded = Text::fromForm($typed);
        return $this->shop->settings->says('entities_encoded') ? $encoded : $typed;
    }
}
