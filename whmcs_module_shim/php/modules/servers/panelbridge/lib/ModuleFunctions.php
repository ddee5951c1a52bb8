<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Behind each function of the entry file: the shape WHMCS expects, whatever happens. */
final class ModuleFunctions
{
    /** @return array<string, mixed> */
    public static function metaData(): array
    {
        return [
            'DisplayName' => 'Panelbridge',
            'APIVersion' => '1.1',
            'RequiresServer' => true,
            'DefaultNonSSLPort' => (string) Server::DEFAULT_PORT,
            'DefaultSSLPort' => (string) Server::DEFAULT_SSL_PORT,
            'ServiceSingleSignOnLabel' => Language::text('label_sign_on'),
            'AdminSingleSignOnLabel' => Language::text('label_sign_on'),
            'ListAccountsUniqueIdentifierDisplayName' => 'Username',
            'ListAccountsUniqueIdentifierField' => 'username',
            'ListAccountsProductField' => 'configoption1',
        ];
    }

    /** @param array<mixed> $raw */
    public static function lifecycle(string $function, array $raw): string
    {
        $verbs = new Lifecycle();
        $act = match ($function) {
            'CreateAccount' => [$verbs, 'create'],
            'SuspendAccount' => [$verbs, 'suspend'],
            'UnsuspendAccount' => [$verbs, 'unsuspend'],
            'TerminateAccount' => [$verbs, 'terminate'],
            'Renew' => [$verbs, 'renew'],
            'ChangePassword' => [$verbs, 'changePassword'],
            'ChangePackage' => [$verbs, 'changePackage'],
        };
        return self::aboutService($function, $raw, static fn (ServiceCall $call): string =>
            CallNotes::during($function, $call, static fn (): string => $act($call)));
    }

    /** @param array<mixed> $raw */
    public static function button(string $function, array $raw): string
    {
        return self::aboutService($function, $raw, match ($function) {
            'Refresh' => [AdminButtons::class, 'refresh'],
            'ResetCredentials' => [AdminButtons::class, 'reset'],
            'EmailCredentials' => [AdminButtons::class, 'email'],
            'Retry' => [AdminButtons::class, 'retry'],
            'Adopt' => [AdminButtons::class, 'adopt'],
            'ClientReset' => [ClientPage::class, 'reset'],
        });
    }

    /**
     * @param array<mixed> $raw
     * @return array<string, string>
     */
    public static function adminTab(array $raw): array
    {
        if ($raw === []) {
            return [];
        }
        try {
            return AdminTab::rows(Params::of($raw));
        } catch (CallError $error) {
            $label = Language::text('tab_account');
            return [$label => AdminTab::note($error->told(Language::text('verb_Account')), 'warning')];
        } catch (\Throwable $thrown) {
            Guarded::unexpected('AdminServicesTabFields', $thrown);
            return [];
        }
    }

    /** @param array<mixed> $raw */
    public static function adminTabSaved(array $raw): void
    {
        Guarded::orElse('AdminServicesTabFieldsSave', static fn () => AdminForm::save(Params::of($raw)), null);
    }

    /**
     * @param array<mixed> $raw
     * @param callable(ServiceCall): string $act
     */
    private static function aboutService(string $function, array $raw, callable $act): string
    {
        if (ForClient::reads($function)) {
            $params = Params::of($raw);
            return ForClient::verb($function, $params, static fn (): string => $act(ServiceCall::about($params)));
        }
        $what = Language::text('verb_' . $function);
        return Guarded::verb($what, static fn (): string => $act(ServiceCall::about(Params::of($raw))));
    }
}
