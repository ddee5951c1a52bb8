<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Hooks;

use WHMCS\Database\Capsule;
use WHMCS\Module\Server\Panelbridge\OurService;
use WHMCS\Module\Server\Panelbridge\Outbox;
use WHMCS\Module\Server\Panelbridge\PaidItems;
use WHMCS\Module\Server\Panelbridge\Params;
use WHMCS\Module\Server\Panelbridge\Server;
use WHMCS\Module\Server\Panelbridge\Servers;
use WHMCS\Module\Server\Panelbridge\Version;

/** Events of WHMCS the bridge should know of. They change nothing here and wait for the cron when it cannot be told. */
final class Notices
{
    /** Runs before the invoice's automation: Renew, later in this request, finds its item here. */
    public static function invoicePaid(Params $variables): void
    {
        PaidItems::invoicePaid($variables->number('invoiceid'));
    }

    /** Deleting a service does not end the account on the panel. */
    public static function serviceDeleted(Params $variables): void
    {
        $serviceId = $variables->number('serviceid');
        $service = OurService::find($serviceId);
        // Whether the row is gone already is not documented; the bridge knows which ids are its own.
        if ($service !== null) {
            Outbox::tell(Server::fromParams($service), 'ServiceDeleted', ['serviceid' => $serviceId]);
        } elseif (!Capsule::table('tblhosting')->where('id', $serviceId)->exists()) {
            self::tellAll('ServiceDeleted', ['serviceid' => $serviceId]);
        }
    }

    public static function cancellationRequested(Params $variables): void
    {
        $service = OurService::find($variables->number('relid'));
        if ($service !== null) {
            Outbox::tell(Server::fromParams($service), 'CancellationRequested', [
                'serviceid' => $service->serviceId(),
                'cancellation' => $variables->text('type'),
                'note' => mb_substr($variables->text('reason'), 0, 500),
            ]);
        }
    }

    public static function invoiceRefunded(Params $variables): void
    {
        $invoiceId = $variables->number('invoiceid');
        $services = Capsule::table('tblinvoiceitems as i')
            ->join('tblhosting as h', 'h.id', '=', 'i.relid')->join('tblproducts as p', 'p.id', '=', 'h.packageid')
            ->where('i.invoiceid', $invoiceId)->where('i.type', 'Hosting')->where('p.servertype', Version::MODULE)
            ->orderBy('h.id')->distinct()->pluck('h.id')->all();
        $servers = [];
        foreach ($services as $id) {
            $service = OurService::find((int) $id);
            if ($service !== null) {
                $server = Server::fromParams($service);
                $ids = [...($servers[$server->id]['ids'] ?? []), (int) $id];
                $servers[$server->id] = ['server' => $server, 'ids' => $ids];
            }
        }
        foreach ($servers as $group) {
            $body = ['invoice_id' => $invoiceId, 'services' => $group['ids']];
            Outbox::tell($group['server'], 'InvoiceRefunded', $body);
        }
    }

    public static function clientsMerged(Params $variables): void
    {
        self::tellAll('ClientMerged', [
            'from_userid' => $variables->number('fromUserID'),
            'to_userid' => $variables->number('toUserID'),
        ]);
    }

    /** @param array<string, mixed> $body */
    private static function tellAll(string $function, array $body): void
    {
        foreach (Servers::usable() as $server) {
            Outbox::tell($server, $function, $body);
        }
    }
}
