<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;
use WHMCS\Service\Status;

/** Changes to client accounts and their hooks (WHMCS developer docs, hooks). */
final class Clients
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /** @param array<string, mixed> $typed profile fields */
    public function edit(int $clientId, array $typed): void
    {
        $old = Shop::row('tblclients', $clientId);
        $changes = array_map(static fn (mixed $value): string => Text::fromForm((string) $value), $typed);
        Capsule::table('tblclients')->where('id', $clientId)->update(array_intersect_key($changes, $old));
        $profile = Shop::row('tblclients', $clientId);
        $this->shop->hooks->run('ClientEdit', ['userid' => $clientId, 'olddata' => $old] + $profile);
    }

    /** Everything of one client becomes another's; service ids stay. */
    public function merge(int $from, int $to): void
    {
        Shop::row('tblclients', $to);
        foreach (['tblhosting', 'tblorders', 'tblinvoices', 'tblinvoiceitems', 'tblaccounts'] as $table) {
            Capsule::table($table)->where('userid', $from)->update(['userid' => $to]);
        }
        Capsule::table('tblclients')->where('id', $from)->delete();
        $this->shop->hooks->run('AfterClientMerge', ['toUserID' => $to, 'fromUserID' => $from]);
    }

    /** Sets services Cancelled or Terminated in the record; a module call is not promised (WHMCS API reference). */
    public function close(int $clientId): void
    {
        foreach (Capsule::table('tblhosting')->where('userid', $clientId)->get() as $service) {
            $runs = in_array($service->domainstatus, [Status::ACTIVE, Status::SUSPENDED], true);
            if ($runs && $this->shop->settings->says('service_delete_terminates')) {
                (new ModuleCommand($this->shop))->run((int) $service->id, 'TerminateAccount');
            }
            $status = $runs ? Status::TERMINATED : Status::CANCELLED;
            Capsule::table('tblhosting')->where('id', $service->id)->update(['domainstatus' => $status]);
        }
        Capsule::table('tblinvoices')->where('userid', $clientId)->where('status', 'Unpaid')
            ->update(['status' => 'Cancelled']);
        Capsule::table('tblclients')->where('id', $clientId)->update(['status' => 'Closed']);
        $this->shop->hooks->run('ClientClose', ['userid' => $clientId]);
    }
}
