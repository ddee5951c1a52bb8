<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;

/**
 * Runs one module command the way WHMCS does: Pre hook, the module function, what success or an error
 * text does to the service, After or AfterFailed hook, Module Queue (WHMCS developer docs, provisioning
 * modules, hooks and module queue).
 */
final class ModuleCommand
{
    /** module function => the word its hooks are named with */
    public const HOOK_WORDS = [
        'CreateAccount' => 'Create',
        'SuspendAccount' => 'Suspend',
        'UnsuspendAccount' => 'Unsuspend',
        'TerminateAccount' => 'Terminate',
        'Renew' => 'Renew',
        'ChangePassword' => 'ChangePassword',
        'ChangePackage' => 'ChangePackage',
    ];

    /** @var ?array<string, mixed> what a custom function returned to be shown as a page */
    public ?array $customPage = null;

    private readonly CommandEffects $effects;
    private readonly ModuleQueue $queue;

    public function __construct(private readonly Shop $shop)
    {
        $this->effects = new CommandEffects($shop);
        $this->queue = new ModuleQueue($shop);
    }

    /**
     * @param array<string, mixed> $extra keys the command adds to $params
     * @param string $reason why a service is suspended: for the record, even where $params do not carry it
     * @return string "success" or the error text
     */
    public function run(
        int $serviceId,
        string $function,
        bool $automated = false,
        array $extra = [],
        string $reason = ''
    ): string {
        $service = Shop::row('tblhosting', $serviceId);
        $product = Shop::row('tblproducts', (int) $service['packageid']);
        if ($product['servertype'] !== $this->shop->module()->name) {
            return $product['servertype'] === '' ? 'No module is assigned to this service' : 'success';
        }
        if (!$this->shop->module()->has($function)) {
            // Only defined functions are run; no contract says more (WHMCS developer docs, supported functions).
            return $function === 'Renew' ? 'success' : "The module does not support $function";
        }
        if ($function === 'CreateAccount') {
            $this->effects->assignServer($service, $product);
        }
        $word = self::HOOK_WORDS[$function] ?? 'Custom';
        $params = (new Params($this->shop))->ofService($serviceId, $extra);
        $overrides = $this->shop->hooks->merged('PreModule' . $word, ['params' => $params]);
        if (($overrides['abortcmd'] ?? false) === true) {
            $line = "Module $word stopped by a hook - Service ID: $serviceId";
            $this->shop->logActivity($line, (int) $service['userid']);
            return 'The command was stopped by a hook';
        }
        unset($overrides['abortcmd']);
        $params = array_merge($params, $overrides);
        if ($function === 'CreateAccount') {
            $params = $this->effects->generateUsername($params);
        }
        return $this->finish($function, $word, $params, $automated, $reason);
    }

    /** A command of a product add-on: same function, addonId set (pterodactyl/whmcs#104). */
    public function runForAddon(int $addonId, string $function): string
    {
        return $this->answer($function, (new Params($this->shop))->ofAddon($addonId));
    }

    /** @param array<string, mixed> $params */
    private function finish(string $function, string $word, array $params, bool $automated, string $reason): string
    {
        $serviceId = (int) $params['serviceid'];
        $answer = $this->answer($function, $params);
        if ($answer === 'success') {
            $this->shop->logActivity("Module $word Successful - Service ID: $serviceId", (int) $params['userid']);
            $this->queue->succeeded($serviceId, $function);
            $this->effects->ofSuccess($function, $params, $reason);
            return $answer;
        }
        $line = "Module $word Failed - Service ID: $serviceId - Error: $answer";
        $this->shop->logActivity($line, (int) $params['userid']);
        $this->queue->failed($serviceId, $function, $answer, $automated);
        if ($function === 'CreateAccount' && $automated) {
            $this->effects->ofFailedCreate($serviceId);
        }
        // There is no documented AfterModuleRenewFailed (WHMCS developer docs, hooks).
        if ($function !== 'Renew') {
            $failure = ['params' => $params, 'failureResponseMessage' => $answer];
            $this->shop->hooks->run("AfterModule{$word}Failed", $failure);
        }
        return $answer;
    }

    /**
     * Only the exact text "success" counts; nothing else does, not even true (sample module, open modules' bugs).
     *
     * @param array<string, mixed> $params
     */
    private function answer(string $function, array $params): string
    {
        try {
            $answer = $this->shop->module()->call($function, $params);
        } catch (\Throwable $thrown) {
            if (!$this->shop->settings->says('uncaught_exception_to_string')) {
                throw $thrown;
            }
            $this->shop->captured->keep('errors', ['in' => $function, 'thrown' => $thrown::class]);
            return $thrown->getMessage();
        }
        if (is_string($answer) && $answer !== '') {
            return $answer;
        }
        // A custom function may return a page instead (WHMCS developer docs, client area output).
        if (is_array($answer) && isset($answer['templatefile']) && !isset(self::HOOK_WORDS[$function])) {
            $this->customPage = $answer;
            return 'success';
        }
        $this->shop->captured->keep('errors', ['in' => $function, 'returned' => get_debug_type($answer)]);
        return "$function returned " . ($answer === '' ? 'an empty string' : get_debug_type($answer));
    }

    public static function overdueReason(Shop $shop): string
    {
        return $shop->settings->position('overdue_reason_text');
    }

    /** @return array<string, mixed> the row of tblhosting as it is now */
    public static function service(int $serviceId): array
    {
        return (array) Capsule::table('tblhosting')->where('id', $serviceId)->first();
    }
}
