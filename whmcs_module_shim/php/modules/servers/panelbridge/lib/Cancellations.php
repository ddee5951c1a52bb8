<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Database\Capsule;

/** A request to cancel that WHMCS has no more was withdrawn: no hook tells that, so the cron looks. */
final class Cancellations
{
    /** @param mixed $known services that the bridge takes for cancelled */
    public static function tellWithdrawn(Server $server, mixed $known): void
    {
        foreach (is_array($known) ? $known : [] as $id) {
            if (!is_int($id) || OurService::find($id) === null) {
                continue;
            }
            $isThere = Guarded::orElse('cancellation', static fn (): bool =>
                Capsule::table('tblcancelrequests')->where('relid', $id)->exists(), true);
            if (!$isThere) {
                Outbox::tell($server, 'CancellationWithdrawn', ['serviceid' => $id]);
            }
        }
    }
}
