<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Settings of WHMCS that decide what becomes of prepaid renewals. The bridge says which are wrong. */
final class ShopSettings
{
    private const TOLD = 'settings';
    private const AGAIN_AFTER = 86400;

    /** @return array<string, bool> only what this WHMCS has a setting for */
    public static function present(): array
    {
        $noCredit = Settings::kept('NoAutoApplyCredit');
        $onDowngrade = Settings::kept('CreditOnDowngrade');
        // The first is kept the other way round: ticked, "Automatic Credit Use" is off here.
        return array_filter([
            'automatic_credit_use' => $noCredit === null ? null : !self::isOn($noCredit),
            'credit_on_downgrade' => $onDowngrade === null ? null : self::isOn($onDowngrade),
        ], static fn (?bool $value): bool => $value !== null);
    }

    /** For `panelbridge doctor`: when they changed, else once a day. */
    public static function tell(Server $server): void
    {
        $settings = self::present();
        $word = $server->id . ' ' . sha1((string) json_encode($settings));
        if ($settings === [] || !Notebook::firstWithin(self::AGAIN_AFTER, self::TOLD, $word)) {
            return;
        }
        Notebook::forgetOthers(self::TOLD, $server->id . ' ', $word);
        $client = new BridgeClient($server, BridgeClient::CRON_DEADLINE);
        try {
            $client->call('ShopSettings', ['settings' => $settings, 'call' => ['actor' => Actor::present()]]);
        } catch (CallError $error) {
            Notebook::drop(self::TOLD, $word);
            throw $error;
        }
    }

    private static function isOn(string $value): bool
    {
        return in_array(strtolower($value), ['on', '1', 'yes', 'true'], true);
    }
}
