<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Which hooks this module listens to. Registering does nothing else; every listener is guarded. */
final class HookList
{
    private const PRIORITY = 10;

    private static bool $registered = false;

    /** Whether WHMCS loaded hooks.php in this request: it only does so once it has noticed the file. */
    public static function isRegistered(): bool
    {
        return self::$registered;
    }

    public static function register(): void
    {
        foreach (self::listeners() as $hook => $listener) {
            add_hook($hook, self::PRIORITY, static function (mixed $variables = []) use ($hook, $listener): mixed {
                $act = static fn (): mixed => $listener(Params::of(is_array($variables) ? $variables : []));
                return Guarded::orElse('hook ' . $hook, $act, null);
            });
        }
        self::$registered = true;
    }

    /** @return array<string, callable(Params): mixed> */
    public static function listeners(): array
    {
        return [
            'EmailPreSend' => [Hooks\WelcomeMail::class, 'beforeSending'],
            'EmailTplMergeFields' => [Hooks\MergeFields::class, 'offered'],
            'ShoppingCartValidateCheckout' => [Hooks\CartRules::class, 'atCheckout'],
            'ShoppingCartValidateProductUpdate' => [Hooks\CartRules::class, 'atConfiguration'],
            'ShoppingCartValidateUpgrade' => [Hooks\CartRules::class, 'atUpgrade'],
            'ProductEdit' => [Hooks\ProductRules::class, 'saved'],
            'AfterModuleChangePackageFailed' => [Hooks\FailedUpgrade::class, 'happened'],
            'InvoicePaidPreEmail' => [Hooks\Notices::class, 'invoicePaid'],
            'ServiceDelete' => [Hooks\Notices::class, 'serviceDeleted'],
            'CancellationRequest' => [Hooks\Notices::class, 'cancellationRequested'],
            'InvoiceRefunded' => [Hooks\Notices::class, 'invoiceRefunded'],
            'AfterClientMerge' => [Hooks\Notices::class, 'clientsMerged'],
            'AfterCronJob' => [Hooks\CronRound::class, 'run'],
        ];
    }
}
