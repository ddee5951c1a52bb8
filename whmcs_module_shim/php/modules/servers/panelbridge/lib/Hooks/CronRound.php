<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Hooks;

use WHMCS\Module\Server\Panelbridge\BridgeClient;
use WHMCS\Module\Server\Panelbridge\CallError;
use WHMCS\Module\Server\Panelbridge\CatchUp;
use WHMCS\Module\Server\Panelbridge\Closer;
use WHMCS\Module\Server\Panelbridge\Deadline;
use WHMCS\Module\Server\Panelbridge\Guarded;
use WHMCS\Module\Server\Panelbridge\LateCreates;
use WHMCS\Module\Server\Panelbridge\Notebook;
use WHMCS\Module\Server\Panelbridge\Outbox;
use WHMCS\Module\Server\Panelbridge\PaidItemsRound;
use WHMCS\Module\Server\Panelbridge\Params;
use WHMCS\Module\Server\Panelbridge\Server;
use WHMCS\Module\Server\Panelbridge\Servers;
use WHMCS\Module\Server\Panelbridge\Settings;
use WHMCS\Module\Server\Panelbridge\ShopSettings;
use WHMCS\Module\Server\Panelbridge\Wiring;

/**
 * After each cron run: finish in WHMCS what the bridge finished, send what it may have missed, show what it warns of.
 * Throttled, with short time-outs, and never two at a time.
 */
final class CronRound
{
    public const LAST_RUN = 'PanelbridgeCronAt';
    /** Seconds between two rounds, changed by a setting of this name. */
    public const PAUSE_SETTING = 'PanelbridgeCronPause';
    private const PAUSE = 50;

    public static function run(Params $variables): void
    {
        $servers = Servers::usable();
        if ($servers === [] || !self::isDue()) {
            return;
        }
        Notebook::prepare();
        LateCreates::begin();
        Deadline::during(BridgeClient::CRON_DEADLINE, static function () use ($servers): void {
            foreach ($servers as $position => $server) {
                Guarded::orElse('cron', static fn () => self::serve($server, $position === 0), null);
            }
        });
    }

    private static function serve(Server $server, bool $isFirst): void
    {
        try {
            Closer::run($server);
        } catch (CallError $error) {
            // A bridge that is silent now is silent for the rest of this round as well.
            if ($error->retryable) {
                return;
            }
        }
        Outbox::empty($server);
        CatchUp::run($server);
        Guarded::orElse('late creates', static fn () => LateCreates::finish($server), null);
        Guarded::orElse('settings', static fn () => ShopSettings::tell($server), null);
        // Services without a server of their own are told to the first.
        PaidItemsRound::run($server, $isFirst ? [$server->id, 0] : [$server->id]);
    }

    private static function isDue(): bool
    {
        $last = Settings::get(self::LAST_RUN);
        $pause = Settings::get(self::PAUSE_SETTING);
        $seconds = ctype_digit($pause) ? (int) $pause : self::PAUSE;
        $isDue = Wiring::now() - (int) $last >= $seconds || (int) $last > Wiring::now();
        return $isDue && Settings::replace(self::LAST_RUN, $last, (string) Wiring::now());
    }
}
